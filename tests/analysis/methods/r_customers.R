# Values of R that test_as_r_customers.py compares with: case, term, quantity, value.
# Run in this folder: Rscript r_customers.R FOLDER > r_customers.csv, where FOLDER is datasets/ of
# the lifetimes wheel (0.11.3): CDNOW.
# (R 4.2.2; cluster 2.1.4, pROC 1.18.0, numDeriv 2016.8-1.1)
invisible(Sys.setlocale("LC_COLLATE", "C"))
suppressPackageStartupMessages({ library(cluster); library(pROC); library(numDeriv) })
folder <- commandArgs(TRUE)[1]
cat("case,term,quantity,value\n")
put <- function(case, term, ...) {
  values <- list(...)
  for (name in names(values)) cat(sprintf("%s,%s,%s,%.10g\n", case, term, name, values[[name]]), sep = "")
}
sample_cdnow <- read.csv(file.path(folder, "cdnow_customers_summary.csv"))
spent <- read.csv(file.path(folder, "cdnow_customers_summary_with_transactions.csv"))

# Concentration: mean difference, sums of the sorted
gini <- function(x) sum(abs(outer(x, x, "-"))) / 2 / length(x)^2 / mean(x)
top <- function(x, share) { # the customer at the edge counts by her part
  x <- sort(x, decreasing = TRUE); k <- share * length(x); whole <- floor(k + 1e-12)
  (sum(x[seq_len(whole)]) + if (k - whole > 1e-12) (k - whole) * x[whole + 1] else 0) / sum(x)
}
shares <- c(.01, .05, .1, .2); named <- paste0("top_", 100 * shares, "_percent")
concentration <- function(case, x) put(case, c("gini", named), estimate = c(gini(x), sapply(shares, top, x = x)))
data(PSID1976, package = "AER"); income <- PSID1976$fincome
concentration("income", income); concentration("hours", PSID1976$hours); concentration("incomes counted", rep(income, 1 + seq_along(income) %% 3))
concentration("spend", spent$zbar * spent$x)
lorenz <- function(case, x) { x <- sort(x); at <- c(.1, .25, .5, .9); put(case, at, value = approx(c(0, seq_along(x) / length(x)), c(0, cumsum(x) / sum(x)), at)$y) }
lorenz("lorenz income", income); lorenz("lorenz hours", PSID1976$hours)
x <- income - 15000; put("negative", "gini", absolute = sum(abs(outer(x, x, "-"))) / 2 / length(x) / sum(abs(x)), floor = gini(pmax(x, 0)))

# Gain of scores: rank correlation, ratio of concentration to Gini, share of the best tenth and fifth
concentration_index <- function(y, by) { r <- rank(by); 2 * sum(y * (r - (length(y) + 1) / 2)) / length(y) / sum(y) }
gain <- function(case, y, score) {
  o <- tapply(y, -score, sum); n <- tapply(y, -score, length); held <- function(s) approx(c(0, cumsum(n) / sum(n)), c(0, cumsum(o) / sum(o)), s)$y
  put(case, c("normalised_gini", "spearman", "top_10_percent", "top_20_percent"),
      estimate = c(concentration_index(y, score) / concentration_index(y, y), cor.test(y, score, method = "spearman", exact = FALSE)$estimate, held(.1), held(.2)))
}
for (s in c("wage", "education", "heducation", "hwage")) gain(paste("gain", s), PSID1976$fincome, PSID1976[[s]])
tenths <- function(case, y, score, g = 10) { # a tied score is its mean
  m <- ave(y, score); m <- m[order(-score)]; n <- length(m); running <- approx(0:n, c(0, cumsum(m)), n * (0:g) / g)$y
  put(case, 1:g, share = diff(running) / sum(y), cumulative_lift = running[-1] / sum(y) * g / (1:g))
}
tenths("tenths hwage", PSID1976$fincome, PSID1976$hwage); tenths("tenths education", PSID1976$fincome, PSID1976$education)

# Area under the curve
roc_of <- function(case, event, score) {
  r <- roc(event, score, direction = "<", quiet = TRUE); a <- as.numeric(auc(r)); s <- sqrt(var(r, method = "delong")); z <- qnorm(.975)
  put(case, "auc", estimate = a, std_error = s, conf_low = plogis(qlogis(a) - z * s / a / (1 - a)), conf_high = plogis(qlogis(a) + z * s / a / (1 - a)))
}
data(Mroz, package = "carData"); roc_of("auc mroz", Mroz$lfp == "yes", Mroz$lwg); roc_of("auc mroz age", Mroz$lfp == "no", Mroz$age); roc_of("auc mroz k5", Mroz$lfp == "no", Mroz$k5)
birth <- MASS::birthwt; roc_of("auc birth", birth$low, -birth$lwt); roc_of("auc nodal", boot::nodal$r, as.numeric(as.character(boot::nodal$stage)) + as.numeric(as.character(boot::nodal$grade)))

# Trend over ordered groups: Jonckheere's z is Kendall's, of values and groups with their ties
trend <- function(case, y, g) {
  k <- suppressWarnings(cor.test(y, as.numeric(g), method = "kendall", exact = FALSE, continuity = FALSE))
  up <- sapply(split(y, g), identity); wins <- pairs <- 0
  for (i in seq_along(up)) for (j in seq_along(up)) if (i < j) { wins <- wins + sum(outer(up[[j]], up[[i]], ">") + outer(up[[j]], up[[i]], "==") / 2); pairs <- pairs + length(up[[i]]) * length(up[[j]]) }
  put(case, "jonckheere", estimate = wins / pairs, statistic = k$statistic, p_value = k$p.value)
}
trend("trend education", PSID1976$fincome, factor(pmin(pmax(PSID1976$education %/% 4, 1), 4)))
trend("trend youngkids", PSID1976$hours, factor(PSID1976$youngkids)); trend("trend race", birth$bwt, factor(birth$race)); trend("trend visits", birth$bwt, factor(pmin(birth$ftv, 2)))
m <- tapply(birth$bwt, birth$race, function(v) c(mean(v), sd(v) / sqrt(length(v)))); for (g in names(m)) put("means race", g, estimate = m[[g]][1], std_error = m[[g]][2])

# Migration: shares with Wilson's intervals, mobility
library(psych); data(bfi); tiers <- 1:6; both <- na.omit(bfi[, c("C1", "C2")]); cells <- table(factor(both$C1, tiers), factor(both$C2, tiers))
wilson <- function(case, term, hits, n) { t <- suppressWarnings(prop.test(hits, n, correct = FALSE)); put(case, term, estimate = t$estimate, conf_low = t$conf.int[1], conf_high = t$conf.int[2]) }
for (i in tiers) {
  for (j in tiers) wilson("migration", paste(i, j), cells[i, j], sum(cells[i, ]))
  moves <- c(up = sum(cells[i, tiers > i]), stay = cells[i, i], down = sum(cells[i, tiers < i])); for (k in names(moves)) wilson("moves", paste(i, k), moves[[k]], sum(cells[i, ]))
}
for (k in c("up", "stay", "down")) wilson("moves", paste("all", k), sum(cells[switch(k, up = col(cells) > row(cells), stay = col(cells) == row(cells), down = col(cells) < row(cells))]), sum(cells))
P <- prop.table(cells, 1); put("mobility", "mobility", estimate = (6 - sum(diag(P))) / 5, std_error = sqrt(sum(diag(P) * (1 - diag(P)) / rowSums(cells))) / 5)
put("migration", "joined and left", joined = sum(is.na(bfi$C1) & !is.na(bfi$C2)), left = sum(!is.na(bfi$C1) & is.na(bfi$C2)))

# Bunching: a quasi-Poisson curve through the other bins
bunching <- function(case, y, cut, width, bins = 8) {
  place <- floor((y - cut) / width + 1e-9); held <- table(factor(place, -bins:(bins - 1))); at <- (-bins:(bins - 1) + .5) / bins; other <- !(-bins:(bins - 1)) %in% c(-1, 0)
  d <- data.frame(held = as.numeric(held), at = at); g <- glm(held ~ at + I(at^2), poisson, d[other, ], control = glm.control(1e-14, 100))
  phi <- max(1, sum(residuals(g, "pearson")^2) / g$df.residual); s <- summary(g, dispersion = phi); x <- c(1, d$at[bins + 1], d$at[bins + 1]^2); e <- exp(sum(coef(g) * x)); v <- e * sqrt(drop(t(x) %*% s$cov.scaled %*% x))
  put(case, "excess_above", estimate = d$held[bins + 1] / e - 1, p_value = 2 * pnorm(-abs(d$held[bins + 1] - e) / sqrt(e + v^2)), std_error = sqrt(d$held[bins + 1] + (d$held[bins + 1] / e * v)^2) / e)
  wilson(case, "just_above", d$held[bins + 1], length(y)); wilson(case, "just_below", d$held[bins], length(y))
}
data(WVS, package = "carData"); bunching("bunching age", WVS$age, 40, 1); bunching("bunching income", income, 20000, 1000); bunching("bunching hours", PSID1976$hours, 1000, 100)

# Groups by k-means and their silhouettes
clusters <- function(case, x, k) {
  set.seed(1); f <- kmeans(x, k, nstart = 200, iter.max = 100); o <- order(f$centers[, 1])
  put(case, "all", silhouette = mean(silhouette(f$cluster, dist(x))[, 3]), within = f$tot.withinss)
  put(case, paste("size", seq_len(k)), n = f$size[o]); for (v in colnames(x)) put(case, paste(v, seq_len(k)), centre = f$centers[o, v])
}
z <- function(x) { x <- as.matrix(x); t((t(x) - colMeans(x)) / apply(x, 2, function(v) sqrt(mean((v - mean(v))^2)))) }
for (k in 3:5) clusters(paste("ruspini", k), as.matrix(ruspini), k)
for (k in 2:3) { clusters(paste("iris", k), as.matrix(iris[, 1:4]), k); clusters(paste("iris scaled", k), z(iris[, 1:4]), k) }

# Spend and frequency: correlations of repeat buyers
repeaters <- subset(spent, x > 0); c1 <- cor.test(repeaters$x, repeaters$zbar); c2 <- suppressWarnings(cor.test(repeaters$x, repeaters$zbar, method = "spearman", exact = FALSE)); n <- nrow(repeaters)
put("spend check", "pearson", estimate = c1$estimate, conf_low = c1$conf.int[1], conf_high = c1$conf.int[2])
w <- qnorm(.975) * sqrt((1 + c2$estimate^2 / 2) / (n - 3)); put("spend check", "spearman", estimate = c2$estimate, conf_low = tanh(atanh(c2$estimate) - w), conf_high = tanh(atanh(c2$estimate) + w))

# Purchase models: the likelihood written out, maximised by optim; errors by its numerical Hessian
fit <- function(case, terms, start, ll) {
  f <- function(p) -ll(exp(p)); o <- optim(log(start), f, control = list(maxit = 5000, reltol = 1e-14))
  for (k in 1:3) o <- optim(o$par, f, method = "BFGS", gr = function(p) grad(f, p), control = list(maxit = 500, reltol = 1e-16))
  unit <- rep(1, length(start)); around <- function(q) f(o$par + q - 1); wide <- list(d = .03, r = 6) # equal steps for all
  for (k in 1:3) o$par <- o$par - drop(solve(hessian(around, unit, method.args = wide), grad(around, unit, method.args = wide)))
  b <- exp(o$par); put(case, terms, estimate = b, std_error = b * sqrt(diag(solve(hessian(around, unit, method.args = wide))))); put(case, "all", log_likelihood = -f(o$par)); b
}
rows <- aggregate(list(n = rep(1, nrow(sample_cdnow))), sample_cdnow[, c("frequency", "recency", "T")], sum)
x <- rows$frequency; tx <- rows$recency; T <- rows$T; n <- rows$n
bg_ll <- function(b, first) { # individual likelihoods mixed in closed form, alive and gone added up
  r <- b[1]; al <- b[2]; a <- b[3]; bb <- b[4]
  stay <- lbeta(a, bb + x + first) - lbeta(a, bb) + lgamma(r + x) - lgamma(r) + r * log(al) - (r + x) * log(al + T)
  gone <- lbeta(a + 1, pmax(bb + x - 1 + first, 1e-300)) - lbeta(a, bb) + lgamma(r + x) - lgamma(r) + r * log(al) - (r + x) * log(al + tx)
  if (!first) gone[x == 0] <- -Inf
  sum(n * (pmax(stay, gone) + log1p(exp(-abs(stay - gone)))))
}
gauss <- function(a, b, c, z) { term <- total <- rep(1, length(z)); for (k in 0:5000) { term <- term * (a + k) * (b + k) / (c + k) / (k + 1) * z; total <- total + term; if (max(abs(term)) < 1e-15 * min(abs(total))) break }; total }
pareto_ll <- function(b) { # Fader & Hardie (2005), note 009
  r <- b[1]; al <- b[2]; s <- b[3]; be <- b[4]; k <- r + s + x; big <- max(al, be); second <- if (al >= be) s + 1 else r + x
  part <- function(t) gauss(k, second, k + 1, abs(al - be) / (big + t)) / (big + t)^k
  A0 <- part(tx) - part(T); lead <- lgamma(r + x) - lgamma(r) + r * log(al) + s * log(be)
  sum(n * (lead + log(1 / (al + T)^(r + x) / (be + T)^s + s / k * A0)))
}
models <- list(bg = fit("bg", c("r", "alpha", "a", "b"), c(.3, 5, 1, 3), function(b) bg_ll(b, 0)), mbg = fit("mbg", c("r", "alpha", "a", "b"), c(.5, 6, 1, 3), function(b) bg_ll(b, 1)),
               pareto = fit("pareto", c("r", "alpha", "s", "beta"), c(.5, 10, .6, 12), pareto_ll))

# What to expect: sums over a fine grid of the logs of both latent traits, for six customers
step <- .1; u <- seq(-120, 12, step); v <- seq(-90, 60, step)
people <- data.frame(x = c(0, 1, 2, 7, 12, 26), tx = c(0, 5, 30.43, 20, 38, 30.86), T = c(38.86, 30, 38.86, 38.86, 39, 31))
for (m in names(models)) {
  b <- models[[m]]; first <- as.numeric(m == "mbg"); rate <- exp(u); prior <- exp(dgamma(rate, b[1], b[2], log = TRUE) + u)
  trait <- if (m == "pareto") exp(v) else plogis(v)
  other <- if (m == "pareto") exp(dgamma(trait, b[3], b[4], log = TRUE) + v) else exp(b[3] * plogis(v, log.p = TRUE) + b[4] * plogis(-v, log.p = TRUE) - lbeta(b[3], b[4]))
  W <- outer(prior, other); L <- matrix(rate, length(u), length(v)); M <- matrix(trait, length(u), length(v), byrow = TRUE); keep <- matrix(if (m == "pareto") NA else plogis(-v), length(u), length(v), byrow = TRUE)
  ahead <- function(t) if (m == "pareto") -expm1(-M * t) / M * L else -expm1(-L * M * t) / M # purchases of one who is alive
  for (t in c(1, 10, 39, 104)) put(paste(m, "expected"), t, estimate = sum(W * ahead(t) * (if (first) keep else 1)) * step^2)
  A10 <- ahead(10); A39 <- ahead(39)
  for (i in seq_len(nrow(people))) {
    q <- people[i, ]
    if (m == "pareto") { stay <- L^q$x * exp(-(L + M) * q$T) * 1; total <- L^q$x * M / (L + M) * exp(-(L + M) * q$tx) + L^(q$x + 1) / (L + M) * exp(-(L + M) * q$T) }
    else { stay <- keep^(q$x + first) * L^q$x * exp(-L * q$T); gone <- if (q$x + first > 0) M * keep^(q$x - 1 + first) * L^q$x * exp(-L * q$tx) else 0; total <- stay + gone }
    whole <- sum(W * total); alive <- W * stay
    put(paste(m, "people"), i, alive = sum(alive) / whole, in_10 = sum(alive * A10) / whole, in_39 = sum(alive * A39) / whole)
  }
}

# Spend on a purchase: marginal density of the mean; posterior mean by quadrature over nu
z <- repeaters$zbar; k <- repeaters$x; paid <- z > 0; z <- z[paid]; k <- k[paid]
g <- fit("gammagamma", c("p", "q", "gamma"), c(4, 4, 15), function(b) sum(b[2] * log(b[3]) - lbeta(b[1] * k, b[2]) + (b[1] * k - 1) * log(z) + b[1] * k * log(k) - (b[1] * k + b[2]) * log(b[3] + k * z)))
u <- seq(-40, 20, .01); nu <- exp(u)
for (i in 1:6) {
  q <- list(k = c(0, 1, 2, 5, 10, 29), z = c(0, 20, 22.35, 73.5, 8.2, 36))
  w <- dgamma(nu, g[2], g[3]) * nu * (if (q$k[i]) dgamma(q$z[i], g[1] * q$k[i], nu * q$k[i]) else 1); put("gammagamma people", i, estimate = sum(w * g[1] / nu) / sum(w))
}

# Contracts: survival by quadrature over theta, lives summed one by one
lives <- list(high = c(1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394), regular = c(1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173))
v <- seq(-200, 60, .02); theta <- plogis(v)
stays <- function(t, b, c = 1) { w <- exp(b[1] * plogis(v, log.p = TRUE) + b[2] * plogis(-v, log.p = TRUE)); w <- w / sum(w); sapply(t, function(t) sum(w * exp(t^c * plogis(-v, log.p = TRUE)))) }
for (name in names(lives)) for (periods in c(4, 7, 12)) {
  a <- lives[[name]][0:periods + 1]; lost <- -diff(a); t <- seq_len(periods); case <- paste(name, periods)
  s <- fit(paste("sbg", case), c("alpha", "beta"), c(.7, 2), function(b) sum(lost * (lbeta(b[1] + 1, b[2] + t - 1) - lbeta(b[1], b[2]))) + a[periods + 1] * (lbeta(b[1], b[2] + periods) - lbeta(b[1], b[2])))
  w <- fit(paste("bdw", case), c("alpha", "beta", "c"), c(.5, 2, 1.1), function(b) { S <- exp(lbeta(b[1], b[2] + c(0, t)^b[3]) - lbeta(b[1], b[2])); sum(lost * log(-diff(S))) + a[periods + 1] * log(S[periods + 1]) })
  at <- c(1, 5, 20); put(paste("sbg", case, "survival"), at, estimate = stays(at, s)); put(paste("bdw", case, "survival"), at, estimate = stays(at, w[1:2], w[3]))
  ahead <- function(made, S) sum(S(made + 1:700) / 1.1^(0:699)) / S(made)
  S1 <- function(t) exp(lbeta(s[1], s[2] + t) - lbeta(s[1], s[2])); S2 <- function(t) exp(lbeta(w[1], w[2] + t^w[3]) - lbeta(w[1], w[2]))
  for (made in c(0, 3, 7)) { put(paste("sbg", case, "life"), made, estimate = ahead(made, S1)); put(paste("bdw", case, "life"), made, estimate = ahead(made, S2)) }
}
