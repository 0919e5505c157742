# Values of R that test_as_r_competing.py compares with: case, term, quantity, value.
# Run in this folder: Rscript r_competing.R > r_competing.csv
# (R 4.2.2; cmprsk 2.2-11, riskRegression 2022.11.28, etm 1.1.1, survival 3.5-3)
suppressPackageStartupMessages({ library(survival); library(cmprsk); library(riskRegression); library(etm) })
cat("case,term,quantity,value\n")
put <- function(case, term, ...) {
  values <- list(...)
  for (name in names(values)) cat(sprintf("%s,%s,%s,%.10g\n", case, term, name, values[[name]]), sep = "")
}

# Incidence and Gray's test by cmprsk; coarse times make ties
gray <- function(case, time, cause, by, layer = NULL, at) {
  f <- cuminc(time, cause, by, rho = 0); t <- timepoints(f, at)
  for (i in seq_len(nrow(t$est))) put(case, paste(rownames(t$est)[i], at), estimate = t$est[i, ])
  for (rho in c(0, .5, 1)) {
    g <- cuminc(time, cause, by, rho = rho)$Tests; put(paste(case, "gray", rho), rownames(g), chi2 = g[, "stat"], dof = g[, "df"], p_value = g[, "pv"])
    if (!is.null(layer)) { g <- cuminc(time, cause, by, layer, rho = rho)$Tests; put(paste(case, "gray layered", rho), rownames(g), chi2 = g[, "stat"]) }
  }
}
m <- boot::melanoma; m$cause <- c(1, 0, 2)[m$status]
gray("melanoma", m$time, m$cause, m$ulcer, m$sex, c(500, 1500, 3000))
gray("melanoma coarse", ceiling(m$time / 500), m$cause, m$sex, m$ulcer, c(2, 5, 8))
p <- subset(pbc, !is.na(trt)); gray("pbc", p$time, p$status, p$stage, p$sex, c(500, 1500, 3000)); gray("pbc coarse", ceiling(p$time / 365), p$status, p$trt, p$stage, c(2, 5, 8))
k <- transform(myeloid, end = pmin(futime, txtime, na.rm = TRUE)); k$cause <- ifelse(!is.na(k$txtime) & k$txtime <= k$futime, 1, ifelse(k$death == 1, 2, 0))
gray("myeloid", k$end, k$cause, k$trt, k$sex, c(100, 200, 500))

# Scores of given predictions
score <- function(case, d, risk, times) {
  s <- Score(list(given = risk), Surv(duration, event) ~ 1, d, times = times, metrics = c("brier", "auc"), cens.model = "km", null.model = TRUE, se.fit = FALSE)
  b <- s$Brier$score; put(case, times, estimate = b[b$model == "given"]$Brier, null = b[b$model == "Null model"]$Brier); put(paste(case, "auc"), times, estimate = s$AUC$score$AUC)
}
calibration <- function(case, d, share, horizon, groups) {
  g <- ceiling(rank(share) / nrow(d) * groups); f <- summary(survfit(Surv(duration, event) ~ g, cbind(d, g = g), conf.type = "log-log"), times = horizon, extend = TRUE)
  put(case, seq_along(f$surv), predicted = tapply(share, g, mean), estimate = f$surv, std_error = f$std.err, conf_low = f$lower, conf_high = f$upper)
  put(case, "all", observed_to_expected = (1 - summary(survfit(Surv(duration, event) ~ 1, d), times = horizon)$surv) / mean(1 - share))
}
judged <- function(case, d, scale, points, times) {
  share <- outer(points, times, function(x, t) exp(-(t / scale)^1.2 * exp(x))); score(case, d, 1 - share, times); calibration(paste(case, "calibration"), d, share[, 2], times[2], 5)
}
d <- transform(lung, duration = time, event = status - 1); judged("lung", d, 500, (d$age - 60 - 20 * (d$sex - 1)) / 40, c(100, 300, 500, 800))
d <- transform(carData::Rossi, duration = week, event = arrest); judged("rossi", d, 150, (2 * d$prio - d$age + 25) / 20, c(10, 25, 40, 51))
d <- transform(lung, duration = ceiling(time / 60), event = status - 1); judged("lung coarse", d, 9, (d$age - 60 - 20 * (d$sex - 1)) / 40, c(2, 5, 8, 12))

# Illness and death: transition probabilities from several starts, everybody or landmark only
g <- mgus2; g$ill <- g$pstat == 1; g$sick <- ifelse(g$ill & g$ptime >= g$futime, g$futime - .1, g$ptime); n <- nrow(g)
one <- data.frame(id = g$id, entry = 0, exit = ifelse(g$ill, g$sick, g$futime), from = "alive", to = ifelse(g$ill, "pcm", ifelse(g$death == 1, "dead", "cens")))
two <- with(subset(g, ill), data.frame(id, entry = sick, exit = futime, from = "pcm", to = ifelse(death == 1, "dead", "cens")))
moves <- rbind(one, two); allowed <- matrix(FALSE, 3, 3, dimnames = rep(list(c("alive", "pcm", "dead")), 2)); allowed["alive", c("pcm", "dead")] <- allowed["pcm", "dead"] <- TRUE
probabilities <- function(case, d, s, times, from) {
  f <- etm(d, c("alive", "pcm", "dead"), allowed, "cens", s); v <- vcov <- NULL
  for (h in from) for (j in c("alive", "pcm", "dead")) { p <- if (h == "pcm" && j == "alive") rep(0, length(times)) else trprob(f, paste(h, j), times); put(case, paste(h, j, times), estimate = p) }
}
for (s in c(0, 24, 60)) probabilities(paste("etm", s), moves, s, c(72, 120, 240), c("alive", if (s > 0) "pcm"))
landmark <- function(s, h, times) probabilities(paste("landmark", s), moves[moves$id %in% moves$id[moves$entry <= s & moves$exit > s & moves$from == h], ], s, times, h)
for (s in c(24, 60)) landmark(s, "alive", c(72, 120, 240))
landmark(24, "pcm", 72); landmark(60, "pcm", c(72, 120)) # as far as they were followed
late <- transform(moves, entry = pmax(entry, id %% 4 * 6)); late <- subset(late, entry < exit); for (s in c(0, 60)) probabilities(paste("etm late", s), late, s, c(120, 240), "alive")
stay <- function(case, d) { f <- survfit(Surv(exit - entry, to != "cens") ~ 1, d, conf.type = "log-log"); q <- quantile(f, .5); put(case, "median", estimate = q$quantile, conf_low = q$lower, conf_high = q$upper); s <- summary(f, times = c(6, 24, 60)); put(case, c(6, 24, 60), estimate = s$surv, std_error = s$std.err, conf_low = s$lower, conf_high = s$upper) }
stay("stay alive", one); stay("stay pcm", two)

# Markov? Of those who are ill: log-rank of death between the ill and the healthy at the landmark (hypergeometric variance: exact ties)
for (s in c(24, 60, 120)) {
  at <- with(moves, setNames(from[entry <= s & exit > s], id[entry <= s & exit > s])); d <- subset(moves, from == "pcm" & exit > s & id %in% names(at)); d$earlier <- as.numeric(at[as.character(d$id)] == "alive"); d$entry <- pmax(d$entry, s)
  f <- coxph(Surv(entry, exit, to == "dead") ~ earlier, d, ties = "exact"); put("markov", s, z = sign(coef(f)) * sqrt(f$score))
}

# Pairs of groups, life that remains, follow-up, differences of means, means standardised over people
cells <- sort(as.character(unique(veteran$celltype)), method = "radix"); pairs <- combn(cells, 2); found <- NULL
for (i in seq_len(ncol(pairs))) {
  d <- subset(veteran, celltype %in% pairs[, i]); d$second <- as.numeric(d$celltype == pairs[2, i]); f <- coxph(Surv(time, status) ~ second + strata(prior), d)
  s <- survdiff(Surv(time, status) ~ second + strata(prior), d); found <- rbind(found, c(exp(coef(f)), sqrt(vcov(f)), s$chisq, pchisq(s$chisq, 1, lower.tail = FALSE)))
}
put("pairs", paste(pairs[2, ], pairs[1, ]), estimate = found[, 1], std_error = found[, 2], chi2 = found[, 3], p_value = found[, 4], p_holm = p.adjust(found[, 4], "holm"))
for (since in c(0, 180, 365)) for (s in 1:2) {
  d <- subset(lung, time > since & sex == s); f <- survfit(Surv(time - since, status) ~ 1, d, conf.type = "log-log"); e <- summary(f, times = 365); m <- summary(f, rmean = 365)$table; q <- quantile(f, .5)
  case <- paste("remaining", since, s); put(case, "alive 365 later", estimate = e$surv, std_error = e$std.err, conf_low = e$lower, conf_high = e$upper)
  put(case, "restricted mean remaining within 365", estimate = m["rmean"], std_error = m["se(rmean)"])
  put(case, "median remaining", estimate = q$quantile, conf_low = q$lower, conf_high = q$upper)
}
q <- quantile(survfit(Surv(time, status == 1) ~ sex, lung, conf.type = "log-log"), .5); put("follow-up", 1:2, estimate = q$quantile, conf_low = q$lower, conf_high = q$upper)
m <- summary(survfit(Surv(time, status) ~ celltype, veteran), rmean = 200)$table; v <- m[, grep("^se", colnames(m))]; m <- m[, "rmean"]; names(m) <- names(v) <- sub("celltype=", "", names(m))
for (g in setdiff(names(m), "adeno")) {
  d <- m[[g]] - m[["adeno"]]; e <- sqrt(v[[g]]^2 + v[["adeno"]]^2); l <- sqrt((v[[g]] / m[[g]])^2 + (v[["adeno"]] / m[["adeno"]])^2); ratio <- m[[g]] / m[["adeno"]]
  put("mean contrasts", paste(g, "difference"), estimate = d, std_error = e, p_value = 2 * pnorm(-abs(d / e))); put("mean contrasts", paste(g, "ratio"), estimate = ratio, std_error = l, conf_low = ratio * exp(-qnorm(.975) * l), p_value = 2 * pnorm(-abs(log(ratio) / l)))
}
d <- subset(lung, !is.na(ph.ecog)); f <- coxph(Surv(time, status) ~ ph.ecog + age + sex, d)
area <- function(new, until) { s <- survfit(f, new); k <- s$time < until; drop(diff(c(0, s$time[k], until)) %*% rbind(1, s$surv[k, ])) }
now <- area(d, 500); then <- area(transform(d, ph.ecog = pmin(ph.ecog + 1, 3)), 500)
for (g in c("all", 1, 2)) { k <- if (g == "all") TRUE else d$sex == g; put("standardised", paste(g, c("as answered", "raised", "difference")), estimate = c(mean(now[k]), mean(then[k]), mean((then - now)[k])), capped = mean(d$ph.ecog[k] > 2)) }
