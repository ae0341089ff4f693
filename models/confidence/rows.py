"""Makes an evaluation corpus of the written rows: python rows.py ROWS.jsonl [ROWS.jsonl …] LANG OUT_PREFIX

Each row's passage becomes a document, its questions answerable ones, its near misses unanswerable ones. Writes OUT_PREFIX.corpus.jsonl and
OUT_PREFIX.questions.jsonl in the program's evaluation format.
"""
import json, sys

*paths, lang, prefix = sys.argv[1:]
with open(prefix + ".corpus.jsonl", "w", encoding="utf-8") as corpus, open(prefix + ".questions.jsonl", "w", encoding="utf-8") as questions:
    number = 0
    for path in paths:
        for line in open(path, encoding="utf-8"):
            row, number = json.loads(line), number + 1
            print(json.dumps({"doc_id": f"d{number}", "title": row["title"], "text": row["passage"]}, ensure_ascii=False), file=corpus)
            for kind, texts in (("q", row["questions"]), ("n", row["near"])):
                for at, text in enumerate(texts):
                    print(json.dumps({"id": f"{kind}{number}-{at}", "question": text, "answers": [], "gold_doc_ids": [f"d{number}"] if kind == "q" else [],
                                      "gold_spans": [], "answerable": kind == "q", "lang": lang}, ensure_ascii=False), file=questions)
