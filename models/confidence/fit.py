"""Fits the confidence: how likely is it that the chosen sentences answer the question?

    frontdesk eval … --details DETAILS.jsonl      once per corpus; the program writes its signals for every question
    python fit.py --kind read=A.jsonl,B.jsonl --kind chinese=C.jsonl --check SAMPLE.jsonl --out models/confidence/weights.json

Needs numpy and scikit-learn. One logistic regression per kind of evidence, written with its scaling folded in, so that the program
only multiplies and adds. The label is: the corpus answers the question. Thresholds: `offer_from` refuses REFUSED of the answerable
questions of --check, `answer_from` is where eight in ten answers of --check are right.
"""
import argparse, json
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

REFUSED, RIGHT = 0.092, 0.85
# What each kind of evidence can see.
WORDS = ["sentence_coverage", "passage_coverage", "unknown_share", "lexical_strength", "margin", "number_fit", "content_words"]
VECTORS = WORDS + ["sentence_score", "sentence_cosine", "highest_cosine", "passage_cosine", "agreement"]
NAMES = ["unknown_names"]  # told by their capitals, which Chinese has not
SIGNALS = {"words": WORDS + NAMES, "dense": VECTORS + NAMES, "chinese": VECTORS, "read": VECTORS + NAMES + ["relevance", "answer"]}


def rows(paths, lang=None):
    found = []
    for path in paths:
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if isinstance(row.get("signals"), dict) and (lang is None or row["lang"] == lang):
                found.append(row)
    return found


def table(data, names):
    return np.array([[d["signals"][n] for n in names] for d in data]), np.array([d["answerable"] for d in data])


def regression():
    return LogisticRegression(C=0.3, max_iter=3000)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--kind", action="append", required=True)
    p.add_argument("--check", required=True)
    p.add_argument("--out", type=Path, required=True)
    a = p.parse_args()
    weights = json.loads(a.out.read_text()) if a.out.exists() else {}
    for spec in a.kind:
        kind, files = spec.split("=")
        names = SIGNALS[kind]
        lang = "zh" if kind == "chinese" else "en"
        data = rows(files.split(","), lang)
        x, y = table(data, names)
        mean, spread = x.mean(0), x.std(0) + 1e-9
        model = regression().fit((x - mean) / spread, y)
        slope = model.coef_[0] / spread
        bias = float(model.intercept_[0] - (slope * mean).sum())
        check = rows([a.check], lang)
        cx, cy = table(check, names)
        p_check = 1 / (1 + np.exp(-(cx @ slope + bias)))
        offer = float(np.quantile(p_check[cy], REFUSED))
        order = np.argsort(-p_check)
        good = np.array([bool(d["cited_gold"]) for d in check])
        right = np.cumsum(good[order]) / np.arange(1, len(order) + 1)
        enough = np.where(right >= RIGHT)[0]
        sure = float(p_check[order][enough[-1]]) if len(enough) else 0.95
        weights[kind] = {"bias": round(bias, 5), "signals": {n: round(float(s), 5) for n, s in zip(names, slope)},
                         "offer_from": round(offer, 4), "answer_from": round(max(sure, offer), 4)}
        cv = cross_val_predict(regression(), (x - mean) / spread, y, cv=10, method="predict_proba")[:, 1]
        refused = cv < np.quantile(cv[y], REFUSED)
        print(kind, len(data), "rows, cross-validated: AUROC", round(roc_auc_score(y, cv), 3), "refused unanswerable", round(float(refused[~y].mean()), 3),
              "answerable", round(float(refused[y].mean()), 3), "; stands alone from", round(sure, 3), "share", round(float((p_check >= sure).mean()), 3))
    a.out.write_text(json.dumps(weights, indent=2) + "\n")


main()
