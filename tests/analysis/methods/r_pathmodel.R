# Values of R that test_as_r_pathmodel.py compares with: case, term, quantity, value.
# Run in this folder: Rscript r_pathmodel.R > r_pathmodel.csv      (R 4.2.2, bfi of psych 2.2.9)
# PLS as Lohmoeller (1989) tells it: on the scores themselves, with lm for every regression.
suppressPackageStartupMessages(library(psych))
cat("case,term,quantity,value\n")
put <- function(case, term, ...) {
  values <- list(...)
  for (name in names(values)) cat(sprintf("%s,%s,%s,%.10g\n", case, term, name, values[[name]]), sep = "")
}
data(bfi); blocks <- list(neurotic = paste0("N", 1:5), agree = paste0("A", 1:5), conscientious = paste0("C", 1:5), extrovert = paste0("E", 1:5))
X <- na.omit(bfi[, unlist(blocks)]); for (i in c("A1", "C4", "C5", "E1", "E2")) X[[i]] <- 7 - X[[i]]
arrows <- rbind(c("neurotic", "agree"), c("neurotic", "conscientious"), c("neurotic", "extrovert"), c("agree", "extrovert"), c("conscientious", "extrovert"))
unit <- function(v) (v - mean(v)) / sqrt(mean((v - mean(v))^2))
slopes <- function(y, x) coef(lm(y ~ x - 1))
sources <- function(arrows, j) arrows[arrows[, 2] == j, 1]
pls <- function(X, blocks, arrows, modes, scheme, scaled) {
  Z <- sapply(X, function(v) if (scaled) unit(v) else v - mean(v)); names_ <- names(blocks)
  w <- lapply(blocks, function(b) rep(1, length(b))); score <- function(w) sapply(names_, function(j) unit(Z[, blocks[[j]]] %*% w[[j]]))
  Y <- score(w)
  for (k in 1:2000) {
    old <- Y
    inner <- sapply(names_, function(j) {
      before <- sources(arrows, j); after <- arrows[arrows[, 1] == j, 2]; beside <- c(before, after); r <- cor(Y)[beside, j]
      e <- setNames(if (scheme == "centroid") sign(r) else r, beside); if (scheme == "path" && length(before)) e[before] <- slopes(Y[, j], Y[, before, drop = FALSE])
      Y[, beside, drop = FALSE] %*% e
    })
    w <- lapply(setNames(names_, names_), function(j) { B <- Z[, blocks[[j]]]; if (modes[[j]] == "A") drop(crossprod(B, inner[, j])) else slopes(inner[, j], B) })
    Y <- score(w); if (max(abs(Y - old)) < 1e-13) break
  }
  for (j in names_) { l <- cor(Z[, blocks[[j]]], Y[, j]); if (sum(sign(l)) < 0) { w[[j]] <- -w[[j]]; Y[, j] <- -Y[, j] } ; w[[j]] <- w[[j]] / sqrt(mean((Z[, blocks[[j]]] %*% w[[j]])^2)) }
  list(Y = Y, w = w, Z = Z)
}
r2 <- function(Y, arrows, j) summary(lm(Y[, j] ~ Y[, sources(arrows, j)]))$r.squared
told <- function(case, modes, scheme, scaled) {
  f <- pls(X, blocks, arrows, modes, scheme, scaled); Y <- f$Y; R <- cor(Y); inner <- unique(arrows[, 2])
  loads <- lapply(setNames(names(blocks), names(blocks)), function(j) drop(cor(X[, blocks[[j]]], Y[, j])))
  for (j in names(blocks)) put(paste(case, "items"), blocks[[j]], weight = f$w[[j]], loading = loads[[j]])
  rho <- sapply(names(blocks), function(j) {
    if (modes[[j]] == "B") return(1)
    s <- if (scaled) 1 else sapply(X[, blocks[[j]]], function(v) sqrt(mean((v - mean(v))^2))); w <- f$w[[j]] * s; S <- cor(X[, blocks[[j]]]); o <- w %o% w; diag(S) <- 0; p <- o; diag(p) <- 0
    sum(w^2)^2 * sum(o * S) / sum(p * o)
  })
  C <- R / sqrt(rho %o% rho); diag(C) <- 1
  for (j in inner) {
    s <- sources(arrows, j); m <- summary(lm(Y[, j] ~ Y[, s, drop = FALSE])); b <- m$coefficients[-1, , drop = FALSE]; term <- paste(s, j)
    put(case, term, estimate = b[, 1], std_error = b[, 2], p_value = b[, 4], consistent = solve(C[s, s], C[s, j]), vif = diag(solve(R[s, s, drop = FALSE])))
    put(case, j, r_squared = m$r.squared, r_squared_adjusted = m$adj.r.squared, r_squared_consistent = sum(solve(C[s, s], C[s, j]) * C[s, j]))
    for (i in s) {
      fewer <- arrows[!(arrows[, 1] == i & arrows[, 2] == j), ]; kept <- blocks[names(blocks) %in% fewer]
      less <- if (j %in% fewer[, 2]) r2(pls(X[, unlist(kept)], kept, fewer, modes, scheme, scaled)$Y, fewer, j) else 0
      put(case, paste(i, j), f_squared = (m$r.squared - less) / (1 - m$r.squared))
    }
  }
  for (j in names(blocks)) if (modes[[j]] == "A") { l <- loads[[j]]; put(case, j, rho_a = rho[[j]], average_variance_extracted = mean(l^2), composite_reliability = sum(l)^2 / (sum(l)^2 + sum(1 - l^2))) }
  b <- function(i, j) coef(lm(Y[, j] ~ Y[, sources(arrows, j)]))[1 + match(i, sources(arrows, j))]
  put(paste(case, "effects"), "neurotic extrovert", indirect = b("neurotic", "agree") * b("agree", "extrovert") + b("neurotic", "conscientious") * b("conscientious", "extrovert"))
  put(case, "all", goodness_of_fit = sqrt(mean(unlist(loads)^2) * mean(sapply(inner, function(j) r2(Y, arrows, j)))))
}
all_A <- setNames(rep("A", 4), names(blocks)); some_B <- replace(all_A, c("neurotic", "extrovert"), "B")
for (scheme in c("centroid", "factorial", "path")) { told(paste(scheme, "A"), all_A, scheme, TRUE); told(paste(scheme, "B"), some_B, scheme, TRUE) }
told("path A unscaled", all_A, "path", FALSE); told("centroid A unscaled", all_A, "centroid", FALSE)
