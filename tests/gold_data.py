"""Small made-up gold data in the published formats."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

RIVER = ["the boat reached the {} of the river .", "they fished from the muddy {} .", "reeds grow on the {} ."]
MONEY = ["the {} lent her money .", "he works at a {} in town .", "a {} keeps your savings safe ."]
USES = [(text.format("bank"), sense) for sense, texts in (("river", RIVER), ("money", MONEY)) for text in texts]
KEYS = {"river": "bank%1:17:01::", "money": "bank%1:14:00::"}


def place_of(sentence: str, word: str = "bank") -> int:
    return sentence.split().index(word)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def make_wic(folder: Path) -> Path:
    pairs = [(a, b) for n, a in enumerate(USES) for b in USES[n + 1 :]]
    for split in ("train", "dev", "test"):
        rows = [f"bank\tN\t{place_of(a)}-{place_of(b)}\t{a}\t{b}\n" for (a, _), (b, _) in pairs]
        write(folder / split / f"{split}.data.txt", "".join(rows))
        write(folder / split / f"{split}.gold.txt", "".join("T\n" if a[1] == b[1] else "F\n" for a, b in pairs))
    return folder


def make_usim(path: Path) -> Path:
    lines = []
    for n, (a, sense) in enumerate(USES):
        for m, (b, other) in enumerate(USES[n + 1 :]):
            judged = 4.0 + 0.1 * m if sense == other else 1.0 + 0.1 * n
            lemma = f"{'bank' if n % 2 else 'banks'}.n"
            lines += [f"{text}\t{place_of(text)}\t{judged:.3f}\t{lemma} {n}\n" for text in (a, b)]
    return write(path, "".join(lines))


def make_coarsewsd(folder: Path) -> Path:
    for word in ("bank", "seal"):
        for split in ("train", "test"):
            texts = [(text.replace("bank", word), sense) for text, sense in USES]
            data = "".join(f"{place_of(text, word)}\t{text}\n" for text, _ in texts)
            write(folder / word / f"{split}.data.txt", data)
            gold = "".join(f"{int(sense == 'money')}\n" for _, sense in texts)
            write(folder / word / f"{split}.gold.txt", gold)
    return folder


def make_dwug(folder: Path) -> Path:
    columns = (
        "lemma\tpos\tdate\tgrouping\tidentifier\tdescription\tcontext\tindexes_target_token\tindexes_target_sentence"
    )
    uses, clusters = [columns], ["identifier\tcluster"]
    for n, (text, sense) in enumerate(USES):
        context = f'It was "late. {text[:1].upper()}{text[1:]} Nobody saw it.'
        start = context.index("bank")
        uses.append(f"bank\tnn\t1900\t1\tuse_{n}\t \t{context}\t{start}:{start + 4}\t14:{14 + len(text)}")
        clusters.append(f"use_{n}\t{int(sense == 'money')}")
    uses.append("bank\tnn\t1900\t1\tuse_noise\t \tA bank .\t2:6\t0:8")
    clusters.append("use_noise\t-1")
    write(folder / "data" / "bank_nn" / "uses.csv", "\n".join(uses) + "\n")
    write(folder / "clusters" / "opt" / "bank_nn.csv", "\n".join(clusters) + "\n")
    return folder


def make_unified(path: Path, uses: list[tuple[str, str]], lemma: str = "bank") -> Path:
    """Write X.data.xml and X.gold.key.txt of the unified WSD framework. `path` is X without either ending."""
    sentences, keys = [], []
    for n, (text, sense) in enumerate(uses):
        key = f"d{n % 3:03}.s{n:03}.t000"
        words = []
        for token in text.split():
            if token == "bank":
                words.append(f'<instance id="{key}" lemma="{lemma}" pos="NOUN">{token}</instance>')
            else:
                words.append(f'<wf lemma="{token}" pos="X">{token}</wf>')
        sentences.append((n % 3, f'<sentence id="d{n % 3:03}.s{n:03}">' + "\n".join(words) + "</sentence>"))
        keys.append(f"{key} {KEYS.get(sense, sense)}\n")
    texts = [f'<text id="d{d:03}">{"".join(s for of, s in sentences if of == d)}</text>' for d in range(3)]
    body = f'<?xml version="1.0" encoding="UTF-8" ?>\n<corpus lang="en">{"".join(texts)}</corpus>'
    write(path.with_name(path.name + ".gold.key.txt"), "".join(keys))
    return write(path.with_name(path.name + ".data.xml"), body)


def make_semcor(path: Path) -> Path:
    """Write a SemCor archive of three files in which each use of the noun is tagged."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:xz") as archive:
        for number in range(3):
            lines = ["<contextfile concordance=brown>", f"<context filename=br-a0{number} paras=yes>", "<p pnum=1>"]
            for n, (text, sense) in enumerate(USES):
                lines.append(f"<s snum={n + 1}>")
                for token in text.split():
                    tag = f"cmd=done pos=NN lemma=bank wnsn=1 lexsn={KEYS[sense].partition('%')[2]}"
                    tag = tag if token == "bank" else "cmd=ignore pos=DT"
                    lines.append("<punc>.</punc>" if token == "." else f"<wf {tag}>{token}</wf>")
                lines.append("</s>")
            data = "\n".join([*lines, "</p>", "</context>", "</contextfile>"]).encode()
            member = tarfile.TarInfo(f"semcor3.0/brown1/tagfiles/br-a0{number}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def make_wordnet(folder: Path) -> Path:
    rows = ["bank%1:14:00:: 08437235 2 20", "bank%1:17:01:: 09236472 1 25", "walk%2:38:00:: 01908084 1 215"]
    write(folder / "index.sense", "\n".join(rows) + "\n")
    return folder


def make_sts(folder: Path) -> Path:
    texts = [text for text, _ in USES]
    for split in ("train", "dev"):
        rows = []
        for n, a in enumerate(texts):
            for m, b in enumerate(texts[n + 1 :]):
                rows.append(f"main-captions\tMSRvid\t2012test\t{n:04}\t{5 - 0.7 * m:.3f}\t{a.capitalize()}\t{b}\n")
        write(folder / f"sts-{split}.csv", "".join(rows))
    return folder


def make_beir(folder: Path) -> Path:
    documents = [
        {"_id": f"doc{n}", "title": f"Note {n}", "text": f"{text.capitalize()} Nothing else is said.", "metadata": {}}
        for n, (text, _) in enumerate(USES)
    ]
    queries = [{"_id": "q1", "text": "Who lent money?", "metadata": {}}, {"_id": "q2", "text": "reeds by the river"}]
    write(folder / "corpus.jsonl", "".join(json.dumps(row) + "\n" for row in documents))
    write(folder / "queries.jsonl", "".join(json.dumps(row) + "\n" for row in queries))
    judged = ["query-id\tcorpus-id\tscore", "q1\tdoc3\t2", "q1\tdoc5\t1", "q1\tdoc0\t0", "q2\tdoc2\t1"]
    write(folder / "qrels" / "test.tsv", "\n".join(judged) + "\n")
    return folder


def make_trec(folder: Path) -> Path:
    documents = [
        f"<doc>\n<docno>{n + 1}</docno>\n<title>{text}</title>\n<text>{text}\nnothing &amp; nobody .</text>\n</doc>\n"
        for n, (text, _) in enumerate(USES)
    ]
    topics = ["<top>\n<num> 1</num>\n<title>\nwho lent\nmoney ?\n</title>\n</top>\n"]
    topics += ["<top>\n<num> 17</num>\n<title>\nreeds by the river\n</title>\n</top>\n"]
    write(folder / "all.xml", "".join(documents))
    write(folder / "topics.xml", f"<?xml version='1.0'?>\n<xml>\n{''.join(topics)}</xml>\n")
    write(folder / "judged.qrel.txt", "1 0 4 1\n1 0 6 1\n2 0 3 1\n2 0 1 0\n")
    write(folder / "README.md", "# A <doc> in <top> form\n")
    return folder


def make_all(folder: Path) -> dict[str, Path]:
    """Write gold data of every task. Return the path of each by the name of the task."""
    return {
        "wic": make_wic(folder / "wic"),
        "usim": make_usim(folder / "usim.txt"),
        "coarsewsd": make_coarsewsd(folder / "coarsewsd"),
        "dwug": make_dwug(folder / "dwug"),
        "wsd": make_semcor(folder / "semcor3.0.tar.xz"),
        "sts": make_sts(folder / "sts"),
        "retrieval": make_beir(folder / "beir"),
    }
