# Values of R that test_as_r_satisfaction.py compares with: case, term, quantity, value.
# Run in this folder: Rscript r_satisfaction.R > r_satisfaction.csv
# (R 4.2.2; psych 2.2.9, lavaan 0.6-14, MASS 7.3-58.2, ordinal 2022.11-16, sandwich 3.0-2, survey 4.1-1,
#  car 3.1-1, AER 1.2-10, Hmisc 4.8-0, pscl 1.5.5)
invisible(Sys.setlocale("LC_COLLATE", "C"))
suppressPackageStartupMessages({
  library(psych); library(lavaan); library(MASS); library(sandwich); library(survey); library(AER); library(numDeriv)
})
cat("case,term,quantity,value\n")
put <- function(case, term, ...) {
  values <- list(...)
  for (name in names(values)) cat(sprintf("%s,%s,%s,%.10g\n", case, term, name, values[[name]]), sep = "")
}
strict <- glm.control(epsilon = 1e-14, maxit = 200)
plain <- function(d) { for (n in names(d)) if (is.factor(d[[n]])) d[[n]] <- factor(as.character(d[[n]])); d }
coefficients_of <- function(case, fit, V = vcov(fit), b = coef(fit), df = NULL) { # with df: limits by Student's t
  e <- sqrt(diag(V))[seq_along(b)]; put(case, names(b), estimate = b, std_error = e)
  if (!is.null(df)) put(case, names(b), conf_low = b - qt(.975, df) * e, conf_high = b + qt(.975, df) * e)
}
by_unit <- function(fit, unit) vcovCL(fit, cluster = unit, type = "HC1")

# Reliability: alpha and items by psych, one factor by least squares in lavaan, the rest by its formula
data(bfi)
scales <- list(agree = c("A1", "A2", "A3", "A4", "A5"), conscientious = c("C1", "C2", "C3", "C4", "C5"),
               extrovert = c("E1", "E2", "E3", "E4", "E5"), neurotic = c("N1", "N2", "N3", "N4", "N5"),
               attitude = names(attitude))
turned <- list(agree = "A1", conscientious = c("C4", "C5"), extrovert = c("E1", "E2"), neurotic = character(), attitude = character())
reliability <- function(case, m, k) {
  m <- na.omit(m); for (i in k) m[[i]] <- 7 - m[[i]]
  a <- psych::alpha(m, n.iter = 1, warnings = FALSE)
  put(case, "alpha", estimate = a$total$raw_alpha, std_error = a$total$ase)
  put(case, "alpha_standardised", estimate = a$total$std.alpha)
  put(paste(case, "items"), names(m), item_total = a$item.stats$r.drop, mean = a$item.stats$mean, sd = a$item.stats$sd, alpha_if_dropped = a$alpha.drop$raw_alpha)
  R <- cor(m); s <- sapply(m, sd)
  f <- cfa(paste("F =~", paste(names(m), collapse = " + ")), sample.cov = R, sample.nobs = nrow(m), estimator = "ULS", std.lv = TRUE, sample.cov.rescale = FALSE)
  l <- lavInspect(f, "est")$lambda[, 1]; l <- l * sign(sum(l)); names(l) <- names(m)
  put(paste(case, "items"), names(m), loading = l)
  put(case, "omega", estimate = sum(l * s)^2 / (sum(l * s)^2 + sum((1 - l^2) * s^2)))
  put(case, "composite_reliability", estimate = sum(l)^2 / (sum(l)^2 + sum(1 - l^2)))
  put(case, "average_variance_extracted", estimate = mean(l^2))
  e <- eigen(R); c <- abs(e$vectors[, 1] * sqrt(e$values[1]))
  put(case, "dillon_goldstein_rho", estimate = sum(c)^2 / (sum(c)^2 + sum(1 - c^2)))
  put(case, c("eigenvalue_1", "eigenvalue_2"), estimate = e$values[1:2])
  minres <- fa(m, 1, fm = "minres", warnings = FALSE)$loadings[, 1]
  put(paste(case, "minres"), names(m), loading = minres * sign(sum(minres)))
}
for (s in names(scales)) reliability(paste("scale", s), if (s == "attitude") attitude else bfi[, scales[[s]]], turned[[s]])
htmt <- function(m, one, other) {
  r <- abs(cor(m)); w <- function(k) mean(r[k, k][lower.tri(r[k, k])])
  mean(r[one, other]) / sqrt(w(one) * w(other))
}
big <- names(scales)[1:4]; m <- na.omit(bfi[, unlist(scales[big])])
for (i in 1:3) for (j in (i + 1):4) put("htmt", paste(big[i], big[j], sep = " / "), estimate = htmt(m, scales[[big[i]]], scales[[big[j]]]))

# A survey with weights and customers who answer more than once
panel <- transform(bfi, row = seq_len(nrow(bfi)) - 1); panel$weight <- 1 + panel$row %% 7; panel$customer <- (panel$row * 37) %% 400
panel$nps <- pmin(2 * (panel$A3 - 1) + panel$row %% 2, 10); panel$promoter <- as.numeric(panel$nps >= 9)
panel$score <- 100 * (panel$promoter - (panel$nps <= 6)); panel$detractor <- 100 * (panel$nps <= 6)
answered <- function(cols) panel[complete.cases(panel[, c(cols, "weight", "customer", "gender")]), ]
design <- function(d, which) switch(which,
  weighted = svydesign(~1, weights = ~weight, data = d), clustered = svydesign(~customer, weights = ~1, data = d),
  both = svydesign(~customer, weights = ~weight, data = d))
for (which in c("weighted", "clustered", "both")) {
  d <- design(answered("nps"), which)
  g <- svyby(~score + detractor, ~gender, d, svymean)
  put(paste("nps", which), g$gender, estimate = g$score, std_error = g$se.score)
  put(paste("detractors", which), g$gender, estimate = g$detractor, std_error = g$se.detractor)
  d <- design(answered(c("A2", "C1")), which); s <- svymean(~A2 + C1, d)
  put(paste("means", which), names(coef(s)), estimate = coef(s), std_error = SE(s))
  d <- design(answered("nps"), which); p <- svymean(~promoter, d); n <- coef(p) * (1 - coef(p)) / SE(p)^2
  w <- function(p, n, z = qnorm(.975)) (p + z^2 / 2 / n + c(-1, 1) * z * sqrt(p * (1 - p) / n + z^2 / 4 / n^2)) / (1 + z^2 / n)
  put(paste("share", which), "promoter", estimate = coef(p), std_error = SE(p), conf_low = w(coef(p), n)[1], conf_high = w(coef(p), n)[2])
}
o <- tapply(!is.na(bfi$A2) & bfi$age > 25, bfi$education, sum); n <- table(bfi$education)
for (k in names(n)) { t <- prop.test(o[[k]], n[[k]], correct = FALSE); put("response", k, estimate = t$estimate, conf_low = t$conf.int[1], conf_high = t$conf.int[2]) }
put("response", "chisq", p_value = chisq.test(rbind(o, n - o), correct = FALSE)$p.value)

# Least squares: classical, HC1, by customer, linearised with weights
data(PetersenCL)
f <- lm(y ~ x, PetersenCL); coefficients_of("petersen model", f, df = 4998); coefficients_of("petersen robust", f, vcovHC(f, "HC1"), df = 4998)
coefficients_of("petersen firm", f, by_unit(f, PetersenCL$firm), df = 499); coefficients_of("petersen year", f, by_unit(f, PetersenCL$year), df = 9)
data(CPS1985); cps <- plain(CPS1985); cps$row <- seq_len(nrow(cps)) - 1; cps$customer <- cps$row %% 60; cps$weight <- 1 + cps$row %% 5
cps$many <- 1 + cps$row %% 3; cps$high <- as.numeric(cps$wage > 10); cps$firm <- cps$row %% 3
f <- lm(wage ~ education + experience + sector + married, cps)
coefficients_of("cps robust", f, vcovHC(f, "HC1")); coefficients_of("cps clustered", f, by_unit(f, cps$customer), df = 59)
many <- cps[rep(seq_len(nrow(cps)), cps$many), ]
f <- lm(wage ~ education + experience, many); coefficients_of("cps counted", f, vcovHC(f, "HC1"), df = nrow(many) - 3); coefficients_of("cps counted clustered", f, by_unit(f, many$customer), df = 59)
f <- lm(wage ~ experience + education * gender, cps); coefficients_of("cps moderated", f, vcovHC(f, "HC1"))
ds <- list(weighted = svydesign(~1, weights = ~weight, data = cps), both = svydesign(~customer, weights = ~weight, data = cps))
for (k in names(ds)) {
  coefficients_of(paste("cps linear", k), svyglm(wage ~ education + experience + sector, ds[[k]]))
  coefficients_of(paste("cps logit", k), svyglm(high ~ education + experience + gender, ds[[k]], family = quasibinomial(), control = strict))
  coefficients_of(paste("cps spend", k), svyglm(wage ~ education + gender, ds[[k]], family = quasipoisson(), control = strict))
}

# Logit
g <- glm(high ~ education + experience + gender, binomial, cps, control = strict); put("cps logit", "all", log_likelihood = logLik(g))
coefficients_of("cps logit model", g); coefficients_of("cps logit robust", g, vcovHC(g, "HC1")); coefficients_of("cps logit clustered", g, by_unit(g, cps$customer), df = Inf)
data(Mroz, package = "carData"); mroz <- plain(Mroz); mroz$y <- as.numeric(mroz$lfp == "yes")
g <- glm(y ~ k5 + k618 + age + wc + hc + lwg + inc, binomial, mroz, control = strict); coefficients_of("mroz logit model", g); put("mroz logit", "all", log_likelihood = logLik(g))

# Counts and spend
data(bioChemists, package = "pscl"); bio <- plain(bioChemists); bio$customer <- (seq_len(nrow(bio)) - 1) %% 150
counts <- function(case, f, d) {
  p <- glm(f, poisson, d, control = strict); put(case, "poisson", log_likelihood = logLik(p))
  coefficients_of(paste(case, "poisson model"), p); coefficients_of(paste(case, "poisson robust"), p, vcovHC(p, "HC1"))
  t <- dispersiontest(p, trafo = 2); put(case, "overdispersion", estimate = t$estimate, statistic = t$statistic)
  put(case, "pearson", estimate = sum(residuals(p, "pearson")^2) / p$df.residual)
  nb <- glm.nb(f, d, control = strict, init.theta = 1)
  for (k in 1:60) { th <- theta.ml(d[[all.vars(f)[1]]], fitted(nb), limit = 500, eps = 1e-13); nb <- glm(f, negative.binomial(th), d, control = strict, start = coef(nb)) }
  mu <- fitted(nb); put(case, "negative_binomial", overdispersion = 1 / th, log_likelihood = sum(dnbinom(d[[all.vars(f)[1]]], size = th, mu = mu, log = TRUE)))
  coefficients_of(paste(case, "nb model"), nb, summary(nb, dispersion = 1)$cov.scaled)
  X <- model.matrix(nb); w <- mu / (1 + mu / th); bread <- solve(t(X) %*% (X * w)); e <- X * ((d[[all.vars(f)[1]]] - mu) / (1 + mu / th))
  coefficients_of(paste(case, "nb robust"), nb, bread %*% crossprod(e) %*% bread * nrow(d) / (nrow(d) - ncol(X)))
  p
}
p <- counts("articles", art ~ fem + mar + kid5 + phd + ment, bio); coefficients_of("articles clustered", p, by_unit(p, bio$customer), df = Inf)
invisible(counts("quine", Days ~ Eth + Sex + Age + Lrn, plain(quine)))
data(DoctorVisits); doctor <- plain(DoctorVisits); invisible(counts("doctor", visits ~ gender + age + income + illness + reduced + health, doctor))
q <- transform(MASS::Insurance, Claims = Claims, exposed = Holders); q <- plain(q)
p <- glm(Claims ~ District + Group + Age + offset(log(Holders)), poisson, q, control = strict); coefficients_of("insurance exposure", p, vcovHC(p, "HC1")); put("insurance", "poisson", log_likelihood = logLik(p))
data(PSID1976); work <- plain(PSID1976); work$row <- seq_len(nrow(work)) - 1; work$customer <- work$row %% 90; work$weight <- 1 + work$row %% 4
s <- glm(hours ~ youngkids + education + age + city, quasipoisson, work, control = strict)
coefficients_of("hours spend robust", s, vcovHC(s, "HC1")); coefficients_of("hours spend clustered", s, by_unit(s, work$customer))
any <- glm(I(hours > 0) ~ youngkids + education + age, binomial, work, control = strict); buyers <- subset(work, hours > 0)
amount <- glm(hours ~ youngkids + education + age, Gamma("log"), buyers, control = strict)
coefficients_of("hours any", any, vcovHC(any, "HC1")); coefficients_of("hours amount", amount, vcovHC(amount, "HC1"))
coefficients_of("hours any clustered", any, by_unit(any, work$customer)); coefficients_of("hours amount clustered", amount, by_unit(amount, buyers$customer))

# Average marginal effects by the delta method: slopes by formula, their derivatives numerical
effect <- function(case, term, f, b, V) { g <- grad(f, b); put(case, term, estimate = f(b), std_error = sqrt(drop(t(g) %*% V %*% g))) }
as_level <- function(d, v, l) { d[[v]] <- factor(l, levels(d[[v]])); d }
mean_by <- function(fit, link) { force(fit); function(b, d) link(drop(model.matrix(delete.response(terms(fit)), d) %*% b)) }
slope <- function(fit, density, d, v) { f <- mean_by(fit, density); function(b) mean(f(b, d)) * b[[v]] }
gap <- function(mean_of, d, v, l) function(b) mean(mean_of(b, as_level(d, v, l)) - mean_of(b, as_level(d, v, levels(d[[v]])[1])))
V <- by_unit(g <- glm(high ~ education + experience + gender, binomial, cps, control = strict), cps$customer); f <- mean_by(g, plogis)
for (v in c("education", "experience")) effect("ame logit", v, slope(g, dlogis, cps, v), coef(g), V)
effect("ame logit", "gendermale", gap(f, cps, "gender", "male"), coef(g), V)
for (s in levels(cps$gender)) effect("ame logit by gender", s, slope(g, dlogis, subset(cps, gender == s), "education"), coef(g), V)
p <- glm(art ~ fem + mar + kid5 + phd + ment, poisson, bio, control = strict); V <- vcovHC(p, "HC1")
for (v in c("kid5", "phd", "ment")) effect("ame poisson", v, slope(p, exp, bio, v), coef(p), V)
effect("ame poisson", "femWomen", gap(mean_by(p, exp), bio, "fem", "Women"), coef(p), V)
k <- length(coef(any)); E <- estfun(any) %*% bread(any) / nrow(work); E2 <- matrix(0, nrow(work), k)
E2[work$hours > 0, ] <- estfun(amount) %*% bread(amount) / nrow(buyers); V <- crossprod(cbind(E, E2)) * nrow(work) / (nrow(work) - 2 * k)
X <- model.matrix(any)
for (v in colnames(X)[-1]) effect("ame two part", v, function(b) {
  eta <- drop(X %*% b[1:k]); mu <- exp(drop(X %*% b[-(1:k)])); at <- match(v, colnames(X)); mean(mu * (dlogis(eta) * b[at] + plogis(eta) * b[k + at]))
}, c(coef(any), coef(amount)), V)

# One more point, capped: the customers a sample too (M-estimation of all parameters and the two means)
raised <- function(d) { d$education <- pmin(d$education + 1, 18); d }
one_more <- function(case, fit, link, unit = NULL) {
  f <- mean_by(fit, link); now <- f(coef(fit), cps); then <- f(coef(fit), raised(cps)); I <- estfun(fit) %*% bread(fit) / nrow(cps)
  G <- function(d) grad(function(b) mean(f(b, d)), coef(fit))
  parts <- list("as answered" = now, raised = then, difference = then - now); slopes <- list(G(cps), G(raised(cps)), G(raised(cps)) - G(cps))
  for (k in 1:3) {
    i <- (parts[[k]] - mean(parts[[k]])) / nrow(cps) + drop(I %*% slopes[[k]]); if (!is.null(unit)) i <- tapply(i, unit, sum)
    put(case, names(parts)[k], estimate = mean(parts[[k]]), std_error = sqrt(sum(i^2) * length(i) / (length(i) - 1)))
  }
}
one_more("one more logit", g, plogis); one_more("one more logit clustered", g, plogis, cps$customer)
one_more("one more spend", glm(wage ~ education + gender, quasipoisson, cps, control = strict), exp)

# Ordered answers
ordered_fit <- function(case, f, d, link = "logit", weights = NULL) {
  d$w_ <- if (is.null(weights)) 1 else weights
  o <- ordinal::clm(f, data = d, weights = w_, link = link, control = ordinal::clm.control(gradTol = 1e-12, maxIter = 200))
  b <- c(o$beta, o$alpha); V <- vcov(o)[names(b), names(b)]; coefficients_of(case, NULL, V, b); put(case, "all", deviance = -2 * o$logLik)
  p <- polr(f, d, weights = w_, method = if (link == "logit") "logistic" else link, Hess = TRUE, control = list(reltol = 1e-15, maxit = 1000))
  coefficients_of(paste(case, "polr"), p, vcov(p), c(coef(p), p$zeta)); put(paste(case, "polr"), "all", deviance = deviance(p))
  invisible(o)
}
data(WVS, package = "carData"); wvs <- WVS; for (n in setdiff(names(wvs), "poverty")) if (is.factor(wvs[[n]])) wvs[[n]] <- factor(as.character(wvs[[n]]))
wvs$row <- seq_len(nrow(wvs)) - 1; wvs$customer <- (wvs$row * 13) %% 700; wvs$weight <- 1 + wvs$row %% 6
data(wine, package = "ordinal"); data(HealthInsurance)
house <- housing; for (n in c("Type", "Cont")) house[[n]] <- factor(as.character(house[[n]])); house$Infl <- factor(as.character(house$Infl))
for (link in c("logit", "probit")) {
  ordered_fit(paste("housing", link), Sat ~ Infl + Type + Cont, house, link, house$Freq)
  ordered_fit(paste("poverty", link), poverty ~ age + religion + degree + country + gender, wvs, link)
  ordered_fit(paste("wine", link), rating ~ temp + contact, plain(transform(wine, rating = as.integer(rating))) |> transform(rating = ordered(rating)), link)
  ordered_fit(paste("bfi", link), A2 ~ age + gender + C1, transform(na.omit(bfi[, c("A2", "age", "gender", "C1")]), A2 = ordered(A2)), link)
}
o <- ordinal::clm(poverty ~ age + religion + gender, data = wvs, control = ordinal::clm.control(gradTol = 1e-12, maxIter = 200))
scores <- function(X, y, zeta, beta) { # of the log likelihood of each answer by (beta, zeta)
  n <- length(y); J <- length(zeta); e <- cbind(-Inf, matrix(zeta, n, J, byrow = TRUE) - drop(X %*% beta), Inf)
  up <- e[cbind(1:n, y + 1)]; lo <- e[cbind(1:n, y)]; pr <- plogis(up) - plogis(lo); S <- matrix(0, n, ncol(X) + J)
  S[, seq_len(ncol(X))] <- -(dlogis(up) - dlogis(lo)) / pr * X
  for (j in 1:J) S[, ncol(X) + j] <- ((y == j) * dlogis(up) - (y == j + 1) * dlogis(lo)) / pr
  S
}
X <- model.matrix(~ age + religion + gender, wvs)[, -1]; b <- c(o$beta, o$alpha); B <- vcov(o)[names(b), names(b)]
S <- scores(X, as.integer(wvs$poverty), o$alpha, o$beta) ; n <- nrow(S); k <- ncol(S)
coefficients_of("poverty robust", NULL, B %*% crossprod(S) %*% B * n / (n - k), b, df = Inf)
G <- length(unique(wvs$customer)); coefficients_of("poverty clustered", NULL, B %*% crossprod(rowsum(S, wvs$customer)) %*% B * G / (G - 1) * (n - 1) / (n - k), b)
for (which in c("weighted", "both")) { # linearised by hand, and by svyolr (whose Hessian is numerical)
  d <- svydesign(if (which == "both") ~customer else ~1, weights = ~weight, data = wvs); w <- wvs$weight / mean(wvs$weight)
  o <- ordinal::clm(poverty ~ age + religion + gender, data = transform(wvs, w_ = w), weights = w_, control = ordinal::clm.control(gradTol = 1e-12, maxIter = 200))
  bw <- c(o$beta, o$alpha); Bw <- vcov(o)[names(bw), names(bw)]; unit <- if (which == "both") wvs$customer else seq_len(n)
  S <- rowsum(scores(X, as.integer(wvs$poverty), o$alpha, o$beta) * w, unit)
  coefficients_of(paste("poverty", which), NULL, Bw %*% crossprod(S) %*% Bw * nrow(S) / (nrow(S) - 1), bw)
  s <- svyolr(poverty ~ age + religion + gender, d, control = list(reltol = 1e-15, maxit = 1000))
  coefficients_of(paste("poverty", which, "svyolr"), NULL, vcov(s), c(s$coefficients, s$zeta))
}
edges <- function(b, d) cbind(-Inf, outer(-drop(model.matrix(~ age + religion + gender, d)[, -1] %*% b[1:3]), b[4:5], "+"), Inf)
for (j in 1:3) {
  chance <- function(b, d) { e <- edges(b, d); plogis(e[, j + 1]) - plogis(e[, j]) }
  effect("ame ordinal", paste("age", levels(wvs$poverty)[j]), function(b) { e <- edges(b, wvs); -b[1] * mean(dlogis(e[, j + 1]) - dlogis(e[, j])) }, b, B)
  effect("ame ordinal", paste("religionyes", levels(wvs$poverty)[j]), gap(chance, wvs, "religion", "yes"), b, B)
}

# Brant's test from the separate logits
brant <- function(case, f, d, y, w = rep(1, nrow(d))) {
  X <- model.matrix(update(f, NULL ~ .), d); J <- max(y) - 1; fits <- lapply(1:J, function(j) { d$z_ <- as.numeric(y > j); d$w_ <- w; glm(update(f, z_ ~ .), binomial, d, weights = w_, control = strict) })
  p <- lapply(fits, fitted); A <- lapply(p, function(p) solve(t(X) %*% (X * (w * p * (1 - p))))); k <- ncol(X) - 1
  V <- matrix(0, J * k, J * k); at <- function(j) (j - 1) * k + 1:k
  for (i in 1:J) for (j in 1:J) { hi <- max(i, j); V[at(i), at(j)] <- (A[[i]] %*% (t(X) %*% (X * (w * (p[[hi]] - p[[i]] * p[[j]])))) %*% A[[j]])[-1, -1] }
  b <- unlist(lapply(fits, function(f) coef(f)[-1])); D <- cbind(diag(k)[rep(1:k, J - 1), ], -diag((J - 1) * k))
  wald <- function(D) drop(t(D %*% b) %*% solve(D %*% V %*% t(D)) %*% (D %*% b))
  put(case, "all drivers", estimate = wald(D), p_value = pchisq(wald(D), nrow(D), lower.tail = FALSE))
  for (v in 1:k) put(case, colnames(X)[-1][v], estimate = wald(D[seq(v, nrow(D), k), , drop = FALSE]))
}
brant("brant poverty", poverty ~ age + religion + degree + country + gender, wvs, as.integer(wvs$poverty))
brant("brant housing", Sat ~ Infl + Type + Cont, house, as.integer(house$Sat), house$Freq)
d <- na.omit(bfi[, c("A2", "age", "gender", "C1")]); brant("brant bfi", A2 ~ age + gender + C1, d, d$A2)

# Shapes
shape <- function(case, fit, parameters, V = vcovHC(fit, "HC1"), bends = NULL) {
  put(case, "all", log_likelihood = as.numeric(logLik(fit)), aic = AIC(fit), bic = BIC(fit))
  if (!is.null(bends)) { at <- grep(bends, names(coef(fit)), fixed = TRUE); put(case, "all", p_value = pchisq(drop(coef(fit)[at] %*% solve(V[at, at], coef(fit)[at])), length(at), lower.tail = FALSE)) }
}
knots <- function(x, k) quantile(x, list("3" = c(.1, .5, .9), "4" = c(.05, .35, .65, .95), "5" = c(.05, .275, .5, .725, .95))[[as.character(k)]])
for (k in 3:5) {
  R <- Hmisc::rcspline.eval(cps$experience, knots(cps$experience, k), inclx = TRUE, norm = 2); colnames(R) <- c("x", paste0("bend", 1:(k - 2)))
  shape(paste("shape linear", k), lm(wage ~ R + education, cps), bends = "bend")
  shape(paste("shape logit", k), glm(high ~ R + education, binomial, cps, control = strict), bends = "bend")
}
shape("shape linear line", lm(wage ~ experience + education, cps)); shape("shape logit line", glm(high ~ experience + education, binomial, cps, control = strict))
S <- sapply(c(5, 15, 30), function(at) as.numeric(cps$experience >= at)); colnames(S) <- paste0("at least ", c(5, 15, 30)); f <- lm(wage ~ S + education, cps)
shape("shape linear steps", f); V <- vcovHC(f, "HC1"); put("steps", c(5, 15, 30), estimate = coef(f)[2:4], std_error = sqrt(diag(V))[2:4])
R <- Hmisc::rcspline.eval(cps$experience, knots(cps$experience, 4), inclx = TRUE, norm = 2); f <- glm(high ~ R + education, binomial, cps, control = strict); V <- vcovHC(f, "HC1")
for (at in c(0, 11, 44)) {
  x <- drop(Hmisc::rcspline.eval(at, knots(cps$experience, 4), inclx = TRUE, norm = 2)); M <- cbind(1, matrix(x, nrow(cps), 3, byrow = TRUE), cps$education)
  effect("curve logit", at, function(b) mean(plogis(drop(M %*% b))), coef(f), V)
}

# What may be wrong: inflation, influence, calibration of customers left out
f <- lm(wage ~ education + experience + age, cps); put("inflation", names(coef(f))[-1], estimate = car::vif(f))
f <- lm(prestige ~ income + education, carData::Duncan); put("inflation duncan", names(coef(f))[-1], estimate = car::vif(f)); put("cook duncan", rownames(carData::Duncan), distance = cooks.distance(f))
cook <- function(case, fit) { d <- cooks.distance(fit); put(case, c("largest", "share"), estimate = c(max(d), mean(d > 4 / length(d)))) }
cook("cook linear", lm(wage ~ education + experience, cps)); cook("cook logit", g)
cook("cook counts", glm(art ~ fem + mar + kid5 + phd + ment, quasipoisson, bio, control = strict))
cook("cook amount", amount)
calibration <- function(case, f, d, family) {
  y <- model.response(model.frame(f, d)); eta <- y * NA; fold <- (seq_along(y) - 1) %% 5
  for (k in 0:4) eta[fold == k] <- predict(glm(f, family, d[fold != k, ], control = strict), d[fold == k, ])
  put(case, "all", slope = coef(glm(y ~ eta, family, control = strict))[2], intercept = coef(glm(y ~ 1, family, offset = eta, control = strict)))
}
calibration("calibration logit", high ~ education + experience + gender, cps, binomial); calibration("calibration counts", art ~ fem + mar + kid5 + phd + ment, bio, poisson)

# Shares of R2 over all orders; penalty and reward; mediation
orders <- function(v) if (length(v) < 2) list(v) else do.call(c, lapply(seq_along(v), function(i) lapply(orders(v[-i]), function(p) c(v[i], p))))
lmg <- function(case, d, y, x, controls = character(), w = rep(1, nrow(d))) {
  d$w_ <- w; r2 <- function(v) if (length(v)) summary(lm(reformulate(v, y), d, weights = w_))$r.squared else 0
  seen <- new.env(); cached <- function(v) { key <- paste(c("k", sort(v)), collapse = " "); if (is.null(seen[[key]])) seen[[key]] <- r2(c(controls, v)); seen[[key]] }
  all <- orders(x); share <- setNames(numeric(length(x)), x)
  for (o in all) for (i in seq_along(o)) share[o[i]] <- share[o[i]] + (cached(o[1:i]) - cached(o[seq_len(i - 1)])) / length(all)
  put(case, x, estimate = share, alone = sapply(x, function(v) cached(v) - cached(character())), last = sapply(x, function(v) cached(x) - cached(setdiff(x, v)))); put(case, "all", r_squared = sum(share))
}
lmg("lmg attitude", attitude, "rating", names(attitude)[-1]); lmg("lmg cars", mtcars, "mpg", c("cyl", "disp", "hp", "wt", "qsec"), "am")
lmg("lmg weighted", cps, "wage", c("education", "experience", "age"), "gender", cps$weight)
d <- na.omit(bfi[, c("A2", "C1", "C2", "E3")]); for (v in c("C1", "C2", "E3")) { d[[paste0(v, "_low")]] <- as.numeric(d[[v]] <= 2); d[[paste0(v, "_high")]] <- as.numeric(d[[v]] >= 6) }
f <- lm(A2 ~ C1_low + C2_low + E3_low + C1_high + C2_high + E3_high, d); V <- vcovHC(f, "HC1")
for (v in c("C1", "C2", "E3")) {
  two <- paste0(v, c("_low", "_high")); put("penalty", paste(v, c("penalty", "reward", "asymmetry")), estimate = c(coef(f)[two], sum(coef(f)[two])), std_error = sqrt(c(diag(V)[two], sum(V[two, two]))))
}
mediate <- function(case, d, x, m, y, controls = NULL, w = rep(1, nrow(d))) {
  d$w_ <- w; a <- coef(lm(reformulate(c(x, controls), m), d, weights = w_))[x]; full <- coef(lm(reformulate(c(x, m, controls), y), d, weights = w_)); total <- coef(lm(reformulate(c(x, controls), y), d, weights = w_))[x]
  put(case, c("driver to mediator", "mediator to outcome", "direct", "indirect", "total", "share mediated"), estimate = c(a, full[m], full[x], a * full[m], total, a * full[m] / total))
}
mediate("mediation attitude", attitude, "complaints", "learning", "rating"); mediate("mediation controls", cps, "education", "experience", "wage", c("gender", "sector")); mediate("mediation weighted", cps, "education", "experience", "wage", "gender", cps$weight)
