# Values of R's survival that test_as_r_survival.py compares with: case, group, time, quantity,
# value. Run in this folder: Rscript r_survival.R > r_survival.csv     (R 4.2.2, survival 3.5-3)
suppressMessages(library(survival))
cat("case,group,time,quantity,value\n")
put <- function(case, group, time, ...) {
  values <- list(...)
  for (name in names(values))
    cat(sprintf("%s,%s,%s,%s,%.9g\n", case, group, ifelse(is.na(time), "", format(time, digits = 10, trim = TRUE)), name, values[[name]]), sep = "")
}
label <- function(names) sub("^[^=]*=", "", names)

curve <- function(case, fit, times) {
  s <- summary(fit, times = times, extend = TRUE)
  group <- if (is.null(s$strata)) rep("all", length(s$time)) else label(as.character(s$strata))
  put(case, group, s$time, estimate = s$surv, std_error = s$std.err, conf_low = s$lower, conf_high = s$upper, at_risk = s$n.risk)
}
quantiles <- function(case, fit, probs = c(.25, .5, .75)) {
  q <- quantile(fit, probs)
  as_rows <- function(x) if (is.matrix(x)) x else matrix(x, 1, dimnames = list("all", names(x)))
  m <- lapply(q, as_rows)
  for (i in seq_len(nrow(m$quantile)))
    put(case, label(rownames(m$quantile))[i], probs, estimate = m$quantile[i, ], conf_low = m$lower[i, ], conf_high = m$upper[i, ])
}
means <- function(case, fit, until) {
  t <- summary(fit, rmean = until)$table
  if (!is.matrix(t)) t <- matrix(t, 1, dimnames = list("all", names(t)))
  put(case, label(rownames(t)), until, estimate = t[, "rmean"], std_error = t[, grep("se\\(rmean", colnames(t))])
}

# Kaplan-Meier: intervals, quantiles, restricted means
for (type in c("log-log", "log", "plain")) {
  curve(paste("lung", type), survfit(Surv(time, status) ~ sex, lung, conf.type = type), c(12, 100, 365, 700))
  quantiles(paste("lung", type), survfit(Surv(time, status) ~ sex, lung, conf.type = type))
  quantiles(paste("kidney", type), survfit(Surv(time, status) ~ disease, kidney, conf.type = type))
  curve(paste("myeloma", type), survfit(Surv(entry, futime, death) ~ 1, myeloma, conf.type = type), c(10, 365, 1000, 5000))
}
curve("veteran 0.9", survfit(Surv(time, status) ~ celltype, veteran, conf.type = "log-log", conf.int = .9), c(30, 100, 180))
means("veteran", survfit(Surv(time, status) ~ celltype, veteran), 200)
means("kidney", survfit(Surv(time, status) ~ sex, kidney), 300)
means("myeloma", survfit(Surv(entry, futime, death) ~ 1, myeloma), 3000)
q5 <- data.frame(time = 1:10, status = rep(1:0, each = 5), g = 1) # curves that keep the level to the end
q5 <- rbind(q5, data.frame(time = c(1, 1, 1, 2), status = c(1, 1, 0, 0), g = 2), data.frame(time = c(2, 4, 4, 4), status = c(1, 1, 0, 0), g = 3))
quantiles("kept", survfit(Surv(time, status) ~ g, q5, conf.type = "log-log"), c(.2, .25, .3, .5))
# Times that differ by rounding alone: days made of parts in another order, 0.1 + 0.2 and 0.3
parts <- transform(lung, time = ifelse(seq_along(time) %% 2 == 0, time / 10, (time - 100) / 10 + 10))
curve("parts", survfit(Surv(time, status) ~ sex, parts, conf.type = "log-log"), c(10, 36.5, 70))
quantiles("colon", survfit(Surv(time, status) ~ rx, subset(colon, etype == 2), conf.type = "log-log"), c(.1, .3, .45))
w <- rep(1:3, length.out = nrow(lung))
many <- lung[rep(seq_len(nrow(lung)), w), ]
curve("lung repeated", survfit(Surv(time, status) ~ sex, many, conf.type = "log-log"), c(100, 365, 700))
curve("colon clustered", survfit(Surv(time, status) ~ rx, colon, cluster = id, conf.type = "log-log"), c(365, 1000, 2000))
curve("heart", survfit(Surv(start, stop, event) ~ transplant, heart, conf.type = "log-log"), c(30, 100, 400, 1000))

# Log-rank family
logrank <- function(case, fit) {
  put(case, "test", NA, chi2 = fit$chisq)
  group <- label(names(fit$n)); sums <- function(x) if (is.matrix(x)) rowSums(x) else x
  put(case, group, NA, variance = diag(fit$var))
  if (grepl("rho 0$", case)) put(case, group, NA, observed = sums(fit$obs), expected = sums(fit$exp))
}
quiet <- transform(veteran, layer = seq_along(time) %% 3); quiet$status[quiet$layer == 0] <- 0 # a stratum without an end
for (rho in c(0, .5, 1)) {
  logrank(paste("veteran rho", rho), survdiff(Surv(time, status) ~ celltype, veteran, rho = rho))
  logrank(paste("colon rho", rho), survdiff(Surv(time, status) ~ rx + strata(sex), subset(colon, etype == 2), rho = rho))
  logrank(paste("kidney rho", rho), survdiff(Surv(time, status) ~ disease, kidney, rho = rho))
  logrank(paste("quiet rho", rho), survdiff(Surv(time, status) ~ celltype + strata(layer), quiet, rho = rho))
}

logrank("parts rho 1", survdiff(Surv(time, status) ~ sex, parts, rho = 1))

# Cox
cox <- function(case, fit, zph = TRUE) {
  s <- summary(fit); b <- s$coefficients
  put(case, rownames(b), NA, estimate = b[, "coef"], std_error = b[, if ("robust se" %in% colnames(b)) "robust se" else "se(coef)"])
  put(case, "tests", NA, lr = s$logtest[1], wald = fit$wald.test, score = s$sctest[1], loglik = fit$loglik[2])
  c <- concordance(fit); put(case, "concordance", NA, estimate = c$concordance, std_error = sqrt(c$var))
  if (zph) for (t in c("km", "rank", "identity", "log")) {
    z <- try(cox.zph(fit, transform = t)$table, silent = TRUE)
    if (!inherits(z, "try-error")) put(paste(case, "zph", t), rownames(z), NA, chi2 = z[, "chisq"], dof = z[, "df"])
  }
}
predicted <- function(case, fit, new, times) {
  s <- summary(survfit(fit, new, conf.type = "log-log"), times = times, extend = TRUE)
  m <- function(x) matrix(x, length(times))
  for (j in seq_len(ncol(m(s$surv))))
    put(case, j, times, estimate = m(s$surv)[, j], std_error = m(s$std.err)[, j], conf_low = m(s$lower)[, j], conf_high = m(s$upper)[, j])
}
vet <- coxph(Surv(time, status) ~ trt + celltype + karno + diagtime + age + prior, veteran); cox("cox veteran", vet)
cox("cox parts", coxph(Surv(time, status) ~ age + sex, parts))
predicted("cox veteran", vet, data.frame(trt = c(1, 2), celltype = c("squamous", "adeno"), karno = c(60, 80), diagtime = 5, age = c(60, 50), prior = c(0, 10)), c(7, 52, 100, 300))
pb <- coxph(Surv(time, status == 2) ~ age + edema + log(bili) + log(protime) + log(albumin), pbc); cox("cox pbc", pb)
strat <- coxph(Surv(time, status) ~ age + ph.ecog + strata(sex), lung); cox("cox lung strata", strat)
for (sx in 1:2) {
  f <- survfit(strat, data.frame(age = c(50, 70), ph.ecog = c(0, 2)), conf.type = "log-log")
  s <- summary(f[sx, ], times = c(100, 365, 600), extend = TRUE)
  for (j in 1:2) put("cox lung strata", paste(sx, j), c(100, 365, 600), estimate = s$surv[, j], std_error = s$std.err[, j], conf_low = s$lower[, j], conf_high = s$upper[, j])
}
my <- coxph(Surv(entry, futime, death) ~ year, myeloma); cox("cox myeloma", my)
predicted("cox myeloma", my, data.frame(year = c(1970, 2000)), c(100, 1000, 3000))
nafl <- subset(nafld1, !is.na(bmi))[1:4000, ]
nafl$entry <- nafl$age; nafl$exit <- nafl$age + pmax(nafl$futime, 1) / 365.25
cox("cox nafld late entry", coxph(Surv(entry, exit, status) ~ male + bmi, nafl))
cox("cox colon cluster", coxph(Surv(time, status) ~ rx + nodes + strata(etype), colon, cluster = id))
cox("cox cgd cluster", coxph(Surv(tstart, tstop, status) ~ treat + inherit + steroids, cgd, cluster = id))
cox("cox bladder cluster", coxph(Surv(start, stop, event) ~ rx + number + size + strata(enum), bladder2, cluster = id))
cox("cox lung repeated", coxph(Surv(time, status) ~ age + sex, many))
heart$transplant1 <- as.integer(heart$transplant) - 1
cox("cox heart", coxph(Surv(start, stop, event) ~ (age + surgery) * transplant1, heart))
tt <- coxph(Surv(time, status) ~ trt + prior + karno + tt(karno), veteran, tt = function(x, t, ...) x * log(t + 20))
b <- summary(tt)$coefficients; put("cox veteran tt", rownames(b), NA, estimate = b[, 1], std_error = b[, 3])
# Errors of predicted curves by customer: how far a weight of each moves the curve (infinitesimal jackknife)
by_customer <- function(case, formula, data, new, times) {
  curve <- function(w) {
    data$w <- w; fit <- coxph(formula, data, weights = w, model = TRUE, control = coxph.control(eps = 1e-11, toler.chol = 1e-13, iter.max = 60))
    summary(survfit(fit, new), times = times, extend = TRUE)$surv
  }
  pulls <- sapply(unique(data$id), function(i) (curve(1 + 1e-4 * (data$id == i)) - curve(1 - 1e-4 * (data$id == i))) / 2e-4)
  m <- matrix(sqrt(rowSums(pulls^2)), length(times)); s <- matrix(curve(rep(1, nrow(data))), length(times))
  for (j in seq_len(nrow(new))) put(case, j, times, estimate = s[, j], std_error = m[, j])
}
asked <- data.frame(age = c(20, 50), sex = c(1, 2))
by_customer("cox kidney by patient", Surv(time, status) ~ age + sex, kidney, asked, c(10, 50, 150, 400))
late2 <- transform(kidney, begin = ifelse(id %% 4 == 0, pmin(id, time / 2), 0))
by_customer("cox kidney late by patient", Surv(begin, time, status) ~ age + sex, late2, asked, c(10, 50, 150, 400))

# Concordance, and with Uno's weights
conc <- function(case, c) put(case, "all", NA, estimate = c$concordance, std_error = sqrt(c$var), concordant = c$count[["concordant"]], discordant = c$count[["discordant"]], tied_risk = c$count[["tied.x"]])
conc("concordance lung", concordance(Surv(time, status) ~ age, lung, reverse = TRUE))
conc("concordance pbc", concordance(Surv(time, status == 2) ~ bili, pbc, reverse = TRUE))
conc("concordance myeloma", concordance(Surv(entry, futime, death) ~ year, myeloma, reverse = TRUE))
conc("concordance lung repeated", concordance(Surv(time, status) ~ age, many, reverse = TRUE))
u <- concordance(Surv(time, status == 2) ~ bili, pbc, reverse = TRUE, timewt = "n/G2", ymax = 3000); put("uno pbc", "all", NA, estimate = u$concordance, std_error = sqrt(u$var))
u <- concordance(Surv(time, status) ~ age, lung, reverse = TRUE, timewt = "n/G2"); put("uno lung", "all", NA, estimate = u$concordance, std_error = sqrt(u$var))

# Competing ends and several states
states <- function(case, fit, times, until) {
  s <- summary(fit, times = times, extend = TRUE)
  group <- if (is.null(s$strata)) rep("all", length(s$time)) else label(as.character(s$strata))
  for (j in seq_along(s$states)) put(case, paste(group, s$states[j]), s$time, estimate = s$pstate[, j], std_error = s$std.err[, j], conf_low = s$lower[, j], conf_high = s$upper[, j])
  t <- summary(fit, rmean = until)$table
  put(paste(case, "rmean"), label(gsub(", ", " ", rownames(t))), until, estimate = t[, "rmean"], std_error = t[, grep("se\\(rmean", colnames(t))])
}
mg <- transform(mgus2, etime = ifelse(pstat == 0, futime, ptime), event = factor(ifelse(pstat == 0, 2 * death, 1), 0:2, c("censor", "pcm", "death")))
for (type in c("log", "log-log"))
  states(paste("mgus2", type), survfit(Surv(etime, event) ~ sex, mg, conf.type = type), c(60, 120, 240, 360), 360)
states("transplant", survfit(Surv(futime, event) ~ abo, transplant), c(100, 500), 2055)
late <- transform(mg, entry = ifelse(id %% 3 == 0, id %% 20, 0)); late <- subset(late, entry < etime)
states("mgus2 late", survfit(Surv(entry, etime, event) ~ sex, late, id = id, conf.type = "log"), c(60, 120, 240), 240)

# Complementary log-log of person-periods: months of lung, each counted as 30.4375 days
long <- lung[, c("time", "status", "age", "sex")]; long$month <- pmin(ceiling(long$time / 30.4375), 20); long$ends <- long$status == 2 & ceiling(long$time / 30.4375) <= 20
pp <- long[rep(seq_len(nrow(long)), long$month), ]; pp$period <- sequence(long$month); pp$y <- as.numeric(pp$ends & pp$period == pp$month)
for (base in c("period", "log")) {
  g <- glm(if (base == "log") y ~ log(period) + age + sex else y ~ factor(period) + age + sex, binomial("cloglog"), pp, control = list(epsilon = 1e-14, maxit = 100))
  b <- summary(g)$coefficients; k <- c("age", "sex"); put(paste("cloglog", base), k, NA, estimate = b[k, 1], std_error = b[k, 2])
}
