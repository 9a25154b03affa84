"""Makes datasets-cases.json: small files and folders, and the rows that `datasets` 5.2.0 reads of them.

    python cases.py datasets-cases.json

Needs datasets, zstandard, brotli and lz4. A case has files, what is read (path, config, split) and the answer:
`rows`, or `refused` where the library raises. Fields that are null are left out, as Parquet cannot tell them
from absent ones.
"""
import base64, gzip, io, json, os, shutil, sys, tempfile, math

os.environ["HF_DATASETS_OFFLINE"] = os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
import lz4.frame
import datasets, pyarrow as pa, pyarrow.parquet as pq, zstandard

datasets.logging.set_verbosity(datasets.logging.CRITICAL)
CASES = []


def row(i):
    return {"prompt": f"p{i}", "completion": f"c{i}"}


def lines(*numbers):
    return "".join(json.dumps(row(i)) + "\n" for i in numbers)


def case(name, files, path=".", config=None, split="train", format=None):
    CASES.append({"name": name, "files": {k: v if isinstance(v, dict) else {"text": v} for k, v in files.items()},
                  "path": path, "config": config, "split": split, "format": format})


# One file: what is in it, how it is packed, what it is called.
r = [row(i) for i in range(3)]
SHAPES = {
    "lines": lines(0, 1, 2),
    "crlf": lines(0, 1, 2).replace("\n", "\r\n"),
    "no-last-newline": lines(0, 1, 2).rstrip("\n"),
    "blank-lines": "\n" + lines(0) + "\n \n" + lines(1, 2) + "\n",
    "array": json.dumps(r),
    "array-lines": "[\n" + ",\n".join(json.dumps(x) for x in r) + "\n]\n",
    "pretty-array": json.dumps(r, indent=2) + "\n",
    "array-after-space": " \n" + json.dumps(r),
    "array-unindented": json.dumps(r, indent=0),
    "array-of-strings": json.dumps(["a", "b {", "c"]),
    "pretty": "\n".join(json.dumps(x, indent=2) for x in r) + "\n",
    "pretty-unindented": "\n".join(json.dumps(x, indent=0) for x in r) + "\n",
    "pretty-blank": "\n\n".join(json.dumps(x, indent=4) for x in r),
    "pretty-joined": "".join(json.dumps(x, indent=2) for x in r),
    "joined": "".join(json.dumps(x) for x in r),
    "joined-by-space": " ".join(json.dumps(x) for x in r) + "\n",
    "two-a-line": json.dumps(r[0]) + json.dumps(r[1]) + "\n" + json.dumps(r[2]) + "\n",
    "one-object": json.dumps(r[0]),
    "one-pretty-object": json.dumps(r[0], indent=1),
    "spaces": "  " + json.dumps(r[0]) + "  \n\t" + json.dumps(r[1]) + "\t\n",
    "nan": '{"prompt": "a", "completion": "b", "s": NaN}\n{"prompt": "c", "completion": "d", "s": 1.5}\n',
    "infinity": '{"prompt": "a", "completion": "b", "s": Infinity, "t": -Infinity}\n{"prompt": "c", "completion": "d", "s": 1.5, "t": 2.5}\n',
    "array-nan": '[{"prompt": "a", "completion": "b", "s": NaN}, {"prompt": "c", "completion": "d", "s": 1.5}]',
    "nested-nan": '{"prompt": "a", "completion": "b", "m": {"s": [NaN, 1.5]}}\n',
    "unicode": json.dumps({"prompt": "é🙂", "completion": "漢"}) + "\n" + json.dumps({"prompt": "é🙂", "completion": "漢"}, ensure_ascii=False) + "\n",
    "line-separators": json.dumps({"prompt": "a\u2028b\u0085c", "completion": "d"}, ensure_ascii=False) + "\n",
    "escapes": '{"prompt": "a\\n\\t\\"\\\\\\/b", "completion": "\\u00e9{[}"}\n',
    "messages": "".join(json.dumps({"messages": [{"role": "user", "content": f"u{i}"}, {"role": "assistant", "content": f"a{i}"}]}) + "\n" for i in range(2)),
    "pretty-messages": "".join(json.dumps({"messages": [{"role": "user", "content": f"u{i}"}, {"role": "assistant", "content": f"a{i}"}]}, indent=2) + "\n" for i in range(2)),
    "nulls": '{"prompt": "a", "completion": "b", "x": null}\n{"prompt": "c", "completion": "d", "x": "e"}\n',
    "other-fields": '{"prompt": "a", "completion": "b"}\n{"prompt": "c", "completion": "d", "x": "e"}\n',
    "twice-named": '{"prompt": "a", "completion": "b", "prompt": "z"}\n{"prompt": "c", "completion": "d"}\n',
    "array-twice-named": '[{"prompt": "a", "completion": "b", "prompt": "z"}, {"prompt": "c", "completion": "d"}]',
    "twice-named-inside": '{"prompt": "a", "completion": "b", "m": {"x": "1", "x": "2"}}\n',
    "cut-off": lines(0, 1) + '{"prompt": "p2", "compl',
    "cut-off-array": json.dumps(r)[:-20],
    "missing-comma": '{"prompt": "a" "completion": "b"}\n',
    "after-the-array": json.dumps(r) + "]",
    "two-arrays": json.dumps(r) + "\n" + json.dumps(r),
    "empty": "",
    "only-space": " \n\n",
    "comment": "// rows\n" + lines(0),
    "single-quotes": "{'prompt': 'a', 'completion': 'b'}\n",
    "trailing-comma": '{"prompt": "a", "completion": "b",}\n',
    "array-trailing-comma": '[{"prompt": "a", "completion": "b"},]',
    "latin-1": {"base64": base64.b64encode('{"prompt": "é", "completion": "b"}\n'.encode("latin-1")).decode()},
    "utf-16": {"base64": base64.b64encode(lines(0).encode("utf-16")).decode()},
}
PACKED = {"plain": {}, "bom": {"bom": True}, "gzip": {"pack": "gzip"}, "zstd": {"pack": "zstd"}, "lz4": {"pack": "lz4"}, "bom-gzip": {"bom": True, "pack": "gzip"}}
ENDINGS = ["rows.jsonl", "rows.json", "rows.ndjson", "ROWS.JSONL", "rows.JSON"]
i = 0
for shape, content in SHAPES.items():
    for packed, how in PACKED.items():
        if isinstance(content, dict) and how:
            continue
        ends = ENDINGS if shape in ("array", "pretty") and not how else [ENDINGS[i % len(ENDINGS)]]
        i += 1
        for name in ends:
            file = {**(content if isinstance(content, dict) else {"text": content}), **how}
            case(f"{shape}, {packed}, {name}", {name: file}, name, format="json")
for name in ["rows.jsonl.gz", "rows.json.gz", "ROWS.JSONL.GZ", "rows.v2.jsonl.gz", "rows.jsonl.part.gz", "rows.jsonl.zst", "rows.json.bak", "rows", "rows.data"]:
    for packed in ["plain", "gzip", "zstd"]:
        case(f"named {name}, {packed}", {name: {"text": lines(0, 1, 2), **PACKED[packed]}}, name, format="json")

# Folders: which files are the split.
A, B, C, D = lines(0, 1), lines(2), lines(3), lines(4, 5)
def folder(name, files, **kw):
    for split in kw.pop("splits", ["train"]):
        case(f"folder: {name}, {split}", files, split=split, **kw)
ALL = ["train", "validation", "test"]
folder("one file", {"data.jsonl": A}, splits=ALL)
for end in ["json", "ndjson", "JSONL", "Json", "jsonl.gz", "jsonl.zst", "json.gz", "ndjson.gz", "jsonl.bak", "jsonl~", "jsonl.swp", "jsonl.tmp", "jsonl.part"]:
    how = {"pack": "gzip"} if end.endswith("gz") else {"pack": "zstd"} if end.endswith("zst") else {}
    folder("data." + end, {"data." + end: {"text": A, **how}})
    folder("train." + end, {"train." + end: {"text": A, **how}, "other.jsonl": B})
folder("gzip without an ending", {"train.jsonl": {"text": A, "pack": "gzip"}})
folder("zstd without an ending", {"train.jsonl": {"text": A, "pack": "zstd"}})
folder("hidden file", {"data.jsonl": A, ".data.jsonl": B})
folder("hidden folder", {"data.jsonl": A, ".cache/data.jsonl": B})
folder("hidden inside", {"data.jsonl": A, "x/.cache/y/data.jsonl": B})
folder("double underscore", {"data.jsonl": A, "__MACOSX/data.jsonl": B, "x/__pycache__/data.jsonl": B})
folder("double underscore file", {"data.jsonl": A, "__data.jsonl": B})
folder("one underscore", {"data.jsonl": A, "_x/data.jsonl": B})
folder("editors", {"data.jsonl": A, "data.jsonl~": B, "#data.jsonl#": B, ".data.jsonl.swp": B, ".#data.jsonl": B})
folder("only hidden", {".data.jsonl": A})
folder("split hidden", {".train.jsonl": A, "data.jsonl": B})
folder("checkpoints", {"train.jsonl": A, ".ipynb_checkpoints/train-checkpoint.jsonl": B})
folder("config.json", {"data.json": A, "config.json": '{"a": "b"}', "dataset_info.json": "{}", "dataset_infos.json": "{}", "dataset_dict.json": "{}"})
folder("splits", {"train.jsonl": A, "validation.jsonl": B, "test.jsonl": C}, splits=ALL)
folder("synonyms", {"training.jsonl": A, "dev.jsonl": B, "eval.jsonl": C}, splits=ALL)
folder("synonyms 2", {"x-train_1.jsonl": A, "val.2.jsonl": B, "evaluation 3.jsonl": C}, splits=ALL)
folder("digits", {"train1.jsonl": A, "valid2.jsonl": B, "testing3.jsonl": C}, splits=ALL)
folder("words inside words", {"constraint.jsonl": A, "latest.jsonl": B, "medieval.jsonl": C}, splits=ALL)
folder("upper case", {"Train.jsonl": A, "TEST.jsonl": B}, splits=ALL)
folder("folders", {"train/a.jsonl": A, "train/b.jsonl": B, "test/a.jsonl": C}, splits=ALL)
folder("folders 2", {"x/training/a.jsonl": A, "dev-1/b.jsonl": B, "my eval/a.jsonl": C}, splits=ALL)
folder("deep folders", {"a/b/train/c/d/e/f/x.jsonl": A, "a/b/test/c/d/e/f/x.jsonl": B}, splits=ALL)
folder("folders before files", {"train/a.jsonl": A, "train.jsonl": B, "test.jsonl": C}, splits=ALL)
folder("files only of test", {"test.jsonl": A, "data.jsonl": B}, splits=ALL)
folder("a folder named as a split and others", {"train/a.jsonl": A, "data.jsonl": B}, splits=ALL)
folder("two words", {"train/x.jsonl": A, "train/test.jsonl": B}, splits=ALL)
folder("train and training", {"train.jsonl": A, "training-notes.jsonl": B})
folder("both words in a name", {"my-train-training.jsonl": A})
folder("train twice in a name", {"train-train.jsonl": A})
folder("train in root and below", {"train.jsonl": A, "x/train.jsonl": B})
folder("configs without a README", {"main/train.jsonl": A, "other/train.jsonl": B, "main/test.jsonl": C}, splits=ALL)
folder("default folder", {"default/train.jsonl": A, "other/train.jsonl": B})
S = "-00000-of-00001"
folder("sharded", {f"data/train{S}.jsonl": A, f"data/test{S}.jsonl": B}, splits=ALL)
folder("sharded of own names", {f"data/train{S}.jsonl": A, f"data/hard{S}.jsonl": B, "data/train-x.jsonl": C}, splits=["train", "hard", "test"])
folder("sharded with a hash", {f"data/train{S}-0123abcd.jsonl": A, "train.jsonl": B})
folder("sharded elsewhere", {f"x/train{S}.jsonl": A, f"data/hard{S}.jsonl": B}, splits=["train", "hard"])
folder("two shards", {"data/train-00000-of-00002.jsonl": A, "data/train-00001-of-00002.jsonl": B})
folder("order", {"b.jsonl": A, "a.jsonl": B, "c/a.jsonl": C, "B.jsonl": D})
folder("order of words", {"training.jsonl": A, "train.jsonl": B, "a-train.jsonl": C})
folder("order of numbers", {"train-10.jsonl": A, "train-9.jsonl": B, "train-1.jsonl": C})
folder("linked file", {"real.data": A, "train.jsonl": {"link": "real.data"}})
folder("linked folder inside", {"elsewhere/part.jsonl": A, "set/data": {"link": "../elsewhere"}}, path="set")
folder("linked folder of a split", {"elsewhere/part.jsonl": A, "set/train": {"link": "../elsewhere"}}, path="set")
folder("linked folder", {"elsewhere/train.jsonl": A, "set": {"link": "elsewhere"}}, path="set")
folder("linked twice", {"a/x/part.jsonl": A, "b": {"link": "a/x"}, "set/data": {"link": "../b"}}, path="set")
folder("linked to nothing", {"train.jsonl": A, "train-2.jsonl": {"link": "gone.jsonl"}})
folder("hub cache", {"blobs/0a": A, "blobs/0b": B, "snapshots/1/train.jsonl": {"link": "../../blobs/0a"}, "snapshots/1/test.jsonl": {"link": "../../blobs/0b"}}, path="snapshots/1", splits=ALL)
folder("packed copy", {"train.jsonl": A, "train.jsonl.gz": {"text": A, "pack": "gzip"}})
folder("packed copy that differs", {"train.jsonl": A, "train.jsonl.zst": {"text": B, "pack": "zstd"}})
folder("old copy", {"data.jsonl": A, "data.jsonl.bak": B})
folder("equal old copy", {"data.jsonl": A, "data.jsonl.bak": A})
folder("equal files of other names", {"train-1.jsonl": A, "train-2.jsonl": A})
folder("two names of a file", {"train.jsonl": A, "train-2.jsonl": {"link": "train.jsonl"}})
folder("two names of a folder", {"v1/train.jsonl": A, "latest": {"link": "v1"}})
folder("a loop of links", {"train.jsonl": A, "x/back": {"link": ".."}})
folder("folder linked beside a file", {"elsewhere/part.jsonl": A, "set/more": {"link": "../elsewhere"}, "set/data.jsonl": B}, path="set")
folder("a split linked beside one", {"elsewhere/a.jsonl": A, "set/train": {"link": "../elsewhere"}, "set/test/b.jsonl": B}, path="set", splits=["train", "test"])
folder("unread beside", {"train.jsonl": A, "README.txt": "x\n", "LICENSE": "x"})
folder("nothing", {"LICENSE": "x"})
folder("bom in two files", {"train-1.json": {"text": "[" + A.strip().replace("\n", ",") + "]", "bom": True}, "train-2.json": {"text": B, "bom": True}})
folder("shapes mixed", {"train-1.json": "[" + A.strip().replace("\n", ",") + "]", "train-2.json": json.dumps(row(7), indent=2), "train-3.jsonl": C})


def parquet(table, **options):
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return {"base64": base64.b64encode(out.getvalue()).decode()}


def table(*numbers):
    return pa.Table.from_pylist([row(i) for i in numbers])


P = parquet(table(0, 1))
Q = parquet(table(2))
folder("jsonl and parquet", {"train.jsonl": A, "train.parquet": P})
folder("jsonl and parquet, other rows", {"train.jsonl": B, "train.parquet": P})
folder("two jsonl, one parquet", {"train-1.jsonl": A, "train-2.jsonl": B, "train.parquet": P})
folder("json and jsonl", {"train-1.json": A, "train-2.jsonl": B})
folder("json and parquet, no words", {"a.json": A, "b.parquet": P})
folder("jsonl and csv", {"train.jsonl": A, "train.csv": "prompt,completion\nx,y\n"})
folder("splits in formats", {"train.parquet": P, "test.parquet": Q}, splits=ALL)
folder("packed jsonl and parquet", {"train.jsonl.gz": {"text": A, "pack": "gzip"}, "train.parquet": P})
folder("upper-case parquet", {"train.PARQUET": P})
folder("parquet and arrow", {"train.parquet": P, "x.arrow": "x"})
folder("parquet packed once more", {"train.parquet.gz": {**P, "pack": "gzip"}})


# What a README says.
def readme(name, header, files, splits=("train",), configs=(None,), how=None, path="."):
    for config in configs:
        for split in splits:
            prefix = "" if path == "." else path + "/"
            case(f"readme: {name}, {config or '-'}, {split}",
                 {prefix + "README.md": {"text": header, **(how or {})}, **files}, config=config, split=split, path=path)


def md(yaml):
    return "---\n" + yaml + "---\n# Title\n"


F = {"x/part.jsonl": A, "y/part.jsonl": B}
X = "configs:\n- config_name: default\n  data_files: x/*.jsonl\n"
readme("bom", md(X), F, how={"bom": True})
readme("no bom", md(X), F)
readme("crlf", md(X).replace("\n", "\r\n"), F)
readme("crlf and bom", md(X).replace("\n", "\r\n"), F, how={"bom": True})
readme("no end", "---\n" + X, F)
readme("end at the end", "---\n" + X + "---", F)
readme("blank first", "\n\n" + md(X), F)
readme("spaces after marks", "---  \n" + X + "---\n", F)
readme("rule in the text", "# Title\n---\n" + X + "---\n", F)
readme("text with a rule", "# Title\n\nText\n\n---\n\nMore\n", F)
readme("dashes in a value", md("title: a --- b\n" + X), F)
readme("four dashes", "----\n" + X + "----\n", F)
readme("no configs", md("license: mit\n"), F)
readme("empty header", "---\n---\n", F)
readme("comment", md("# a comment\n" + X + "# another\n"), F)
readme("flow", md("configs: [{config_name: default, data_files: [{split: train, path: 'x/*'}]}]\n"), F)
readme("quotes", md("configs:\n- config_name: 'default'\n  data_files: \"x/*.jsonl\"\n"), F)
readme("anchor", md("configs:\n- config_name: a\n  data_files: &f\n  - split: train\n    path: x/*\n- config_name: b\n  data_files: *f\n"), F, configs=("a", "b"))
readme("list", md("configs:\n- config_name: default\n  data_files:\n  - x/part.jsonl\n  - y/part.jsonl\n"), F)
readme("list, other order", md("configs:\n- config_name: default\n  data_files:\n  - y/part.jsonl\n  - x/part.jsonl\n"), F)
readme("splits", md("configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: x/*\n  - split: test\n    path: y/*\n"), F, splits=ALL)
readme("splits of several paths", md("configs:\n- config_name: default\n  data_files:\n  - split: train\n    path:\n    - x/*\n    - y/part.jsonl\n"), F)
readme("own split", md("configs:\n- config_name: default\n  data_files:\n  - split: hard\n    path: x/*\n"), F, splits=["hard", "train"])
readme("split twice", md("configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: x/*\n  - split: train\n    path: y/*\n"), F)
readme("mapping", md("configs:\n- config_name: default\n  data_files:\n    train: x/*\n    test: y/*\n"), F, splits=ALL)
TWO = "configs:\n- config_name: main\n  data_files:\n  - split: train\n    path: x/*\n- config_name: socratic\n  data_files:\n  - split: train\n    path: y/*\n"
readme("two configs", md(TWO), F, configs=(None, "main", "socratic", "other"))
readme("one marked default", md(TWO + "  default: true\n"), F, configs=(None, "main"))
readme("none marked default", md(TWO + "  default: false\n"), F, configs=(None,))
readme("two defaults", md(TWO.replace("socratic\n", "socratic\n  default: true\n").replace("main\n", "main\n  default: true\n")), F)
readme("the only config", md("configs:\n- config_name: main\n  data_files: x/*\n"), F, configs=(None, "main", "other"))
readme("named default among others", md(TWO + "- config_name: default\n  data_files: x/*\n"), F)
readme("no name", md("configs:\n- data_files: x/*\n"), F)
readme("data_dir", md("configs:\n- config_name: a\n  data_dir: x\n- config_name: b\n  data_dir: y\n"), F, configs=("a", "b", None))
readme("data_dir with splits", md("configs:\n- config_name: a\n  data_dir: x\n"), {"x/train.jsonl": A, "x/test.jsonl": B, "y/train.jsonl": C}, splits=ALL, configs=("a",))
readme("data_dir with shards", md("configs:\n- config_name: a\n  data_dir: x\n"), {f"x/data/train{S}.jsonl": A, "y/train.jsonl": C}, configs=("a",))
readme("data_dir and data_files", md("configs:\n- config_name: a\n  data_dir: x\n  data_files: part.jsonl\n"), F, configs=("a",))
readme("config without files", md("configs:\n- config_name: default\n"), {"train.jsonl": A, "test.jsonl": B}, splits=ALL)
readme("config without files, other first", md("configs:\n- config_name: a\n  data_files: x/*\n- config_name: b\n"), {**F}, configs=("a", "b"))
G = {"a.jsonl": A, "b/a.jsonl": B, "b/c/a.jsonl": C, "b/.h/a.jsonl": D, "b/__s/a.jsonl": D, "b/.a.jsonl": D, "b/a1.jsonl": lines(8), "b/note.txt": "x\n"}
for glob in ["*", "*.jsonl", "**", "**/*", "**/*.jsonl", "b/*", "b/**", "b/*.jsonl", "b/a?.jsonl", "b/a[0-9].jsonl", "b/a[!0-9]jsonl", "b/{a,a1}.jsonl", "b", "b/", "./a.jsonl",
             "b/.h/*", "b/.*/*", "b/__s/*", "b/.a.jsonl", "**.jsonl", "b/**/a.jsonl", "b/*/a.jsonl", "c/../a.jsonl", "missing.jsonl", "missing/*", "*/a.jsonl", "b/a*", "a.jsonl*", "**/a.jsonl", "b//a.jsonl"]:
    readme("glob " + glob, md("configs:\n- config_name: default\n  data_files: \"" + glob + "\"\n"), G)
readme("named file is in the way", md("configs:\n- config_name: default\n  data_files: config.json\n"), {"config.json": A})
readme("one of two patterns matches", md("configs:\n- config_name: default\n  data_files:\n  - x/*\n  - gone/*\n"), F)
readme("one of two files is missing", md("configs:\n- config_name: default\n  data_files:\n  - x/part.jsonl\n  - gone.jsonl\n"), F)
readme("a file matched twice", md("configs:\n- config_name: default\n  data_files:\n  - x/*\n  - x/part.jsonl\n"), F)
readme("outside", md("configs:\n- config_name: default\n  data_files: ../out.jsonl\n"), {"out.jsonl": A}, path="set")
readme("formats mixed", md("configs:\n- config_name: default\n  data_files: '*'\n"), {"a.jsonl": A, "b.parquet": P})
readme("formats mixed 2", md("configs:\n- config_name: default\n  data_files: '*'\n"), {"a.jsonl": A, "c.jsonl": B, "b.parquet": P})
readme("packed", md("configs:\n- config_name: default\n  data_files: x.jsonl.gz\n"), {"x.jsonl.gz": {"text": A, "pack": "gzip"}, "y.jsonl": B})
readme("links", md("configs:\n- config_name: default\n  data_files: l/*\n"), {"x/part.jsonl": A, "l": {"link": "x"}})
readme("doubled key", md("configs:\n- config_name: default\n  data_files: x/*\n  data_files: y/*\n"), F)
readme("doubled configs", md(X + X.replace("x/", "y/")), F)
readme("number as a name", md("configs:\n- config_name: 2024\n  data_files: x/*\n"), F, configs=(None, "2024"))
readme("version as a name", md("configs:\n- config_name: '1.10'\n  data_files: x/*\n- config_name: '1.1'\n  data_files: y/*\n"), F, configs=("1.10", "1.1"))
readme("yes as a name", md("configs:\n- config_name: 'yes'\n  data_files: x/*\n- config_name: 'no'\n  data_files: y/*\n"), F, configs=("yes", "no"))
readme("configs is a mapping", md("configs:\n  main:\n    data_files: x/*\n"), F)
readme("tabs", md("configs:\n\t- config_name: default\n\t  data_files: x/*\n"), F)
readme("not YAML", md("configs: [\n"), F)
readme("null configs", md("configs:\n"), F)
readme("empty configs", md("configs: []\n"), F)
readme("lower case", md(X), F)
CASES.append({**CASES.pop(), "name": "readme: called readme.md, -, train"}); CASES[-1]["files"]["readme.md"] = CASES[-1]["files"].pop("README.md")
case("readme: .huggingface.yaml", {".huggingface.yaml": X, **F})
case("readme: .huggingface.yaml over README", {".huggingface.yaml": X, "README.md": md(X.replace("x/", "y/")), **F})

# Parquet: codecs, encodings, types.
for codec in ["NONE", "SNAPPY", "GZIP", "BROTLI", "LZ4", "ZSTD"]:
    for version in ["1.0", "2.0"]:
        case(f"parquet: {codec}, pages {version}", {"a.parquet": parquet(table(0, 1, 2), compression=codec, data_page_version=version)}, "a.parquet", format="parquet")
big = pa.Table.from_pylist([{"prompt": f"p{i}" + "x" * (i % 7), "completion": "same"} for i in range(20)])
for codec in ["SNAPPY", "BROTLI", "LZ4", "ZSTD"]:
    case(f"parquet: {codec}, many pages", {"a.parquet": parquet(big, compression=codec, data_page_size=64, row_group_size=8)}, "a.parquet", format="parquet")
case("parquet: no dictionary", {"a.parquet": parquet(table(0, 1, 2), use_dictionary=False)}, "a.parquet", format="parquet")
case("parquet: delta", {"a.parquet": parquet(table(0, 1, 2), use_dictionary=False, column_encoding={"prompt": "DELTA_BYTE_ARRAY", "completion": "DELTA_LENGTH_BYTE_ARRAY"})}, "a.parquet", format="parquet")
case("parquet: codecs a column", {"a.parquet": parquet(table(0, 1, 2), compression={"prompt": "LZ4", "completion": "BROTLI"})}, "a.parquet", format="parquet")
case("parquet: checksums", {"a.parquet": parquet(table(0, 1), write_page_checksum=True)}, "a.parquet", format="parquet")
NESTED = pa.table({
    "messages": pa.array([[{"role": "user", "content": "a", "name": None}, {"role": "assistant", "content": "b", "name": "n"}], [], None]),
    "map": pa.array([[("k", "v")], [], None], pa.map_(pa.string(), pa.string())),
    "tags": pa.array([["x", None, "y"], [], None]),
    "deep": pa.array([[["x"], []], [], None], pa.list_(pa.list_(pa.string()))),
    "struct": pa.array([{"a": 1, "b": None}, {"a": None, "b": "x"}, None]),
    "prompt": pa.array(["p0", "p1", "p2"]),
})
case("parquet: nested", {"a.parquet": parquet(NESTED)}, "a.parquet", format="parquet")
case("parquet: nested, two levels", {"a.parquet": parquet(NESTED, use_compliant_nested_type=False)}, "a.parquet", format="parquet")
case("parquet: nested, v2", {"a.parquet": parquet(NESTED, data_page_version="2.0", compression="ZSTD")}, "a.parquet", format="parquet")
TYPES = pa.table({
    "large": pa.array(["a", None], pa.large_string()), "dict": pa.array(["x", "y"]).dictionary_encode(),
    "i8": pa.array([1, -2], pa.int8()), "u32": pa.array([1, 4000000000], pa.uint32()), "i64": pa.array([1, 2**53 + 1]), "f32": pa.array([1.5, None], pa.float32()),
    "bool": pa.array([True, False]),
})
case("parquet: types", {"a.parquet": parquet(TYPES)}, "a.parquet", format="parquet")
case("parquet: doubles", {"a.parquet": parquet(pa.table({"x": [1.5, float("nan"), float("inf")]}))}, "a.parquet", format="parquet")
case("parquet: half", {"a.parquet": parquet(pa.table({"x": pa.array([1.5, -2.25], pa.float16())}))}, "a.parquet", format="parquet")
case("parquet: byte stream split", {"a.parquet": parquet(pa.table({"x": [1.5, 2.5, -3.0]}), use_dictionary=False, use_byte_stream_split=True)}, "a.parquet", format="parquet")
case("parquet: no rows", {"a.parquet": parquet(table(0).slice(0, 0))}, "a.parquet", format="parquet")


def groups(*tables):
    out = io.BytesIO()
    with pq.ParquetWriter(out, tables[0].schema) as writer:
        for t in tables:
            writer.write_table(t)
    return {"base64": base64.b64encode(out.getvalue()).decode()}


case("parquet: an empty row group", {"a.parquet": groups(table(0), table(0).slice(0, 0), table(1, 2))}, "a.parquet", format="parquet")
case("parquet: called otherwise", {"a.data.PARQUET": P}, "a.data.PARQUET", format="parquet")


# Where we read what the library refuses or reads twice, or refuse what it guesses: name of the case, what we read, why.
def ours(name, answer, why):
    hits = [c for c in CASES if c["name"] == name or name.endswith("*") and c["name"].startswith(name[:-1])]
    assert hits, name
    for c in hits:
        c["ours"] = {**({"refused": answer} if isinstance(answer, str) else {"rows": answer}), "why": why}


def rows(*numbers):
    return [row(i) for i in numbers]


for name in ["data.JSONL", "data.Json", "train.JSONL", "train.Json"]:
    ours(f"folder: {name}, train", rows(0, 1), "endings in capitals")
ours("folder: upper-case parquet, train", rows(0, 1), "endings in capitals")
ours("folder: train.jsonl~, train", rows(2), "a file that holds no rows is no split")
ours("folder: both words in a name, train", rows(0, 1), "a file is read once")
ours("folder: train twice in a name, train", rows(0, 1), "a file is read once")
ours("readme: a file matched twice, -, train", rows(0, 1), "a file is read once")
ours("folder: linked folder inside, train", rows(0, 1), "links of folders are followed")
ours("folder: linked folder of a split, train", rows(0, 1), "links of folders are followed")
ours("folder: linked twice, train", rows(0, 1), "links of folders are followed")
ours("folder: folder linked beside a file, train", rows(2, 0, 1), "links of folders are followed")
ours("folder: a split linked beside one, train", rows(0, 1), "links of folders are followed")
ours("folder: packed copy, train", rows(0, 1), "a copy is left out")
ours("folder: packed copy that differs, train", "train.jsonl.zst have one name and differ", "old and new rows are not mixed")
ours("folder: old copy, train", "data.jsonl.bak have one name and differ", "old and new rows are not mixed")
ours("folder: equal old copy, train", rows(0, 1), "a copy is left out")
ours("folder: two names of a file, train", rows(0, 1), "a file is read once")
ours("folder: parquet packed once more, train", rows(0, 1), "its bytes say how it is packed")
ours("readme: mapping, -, train", rows(0, 1), "splits as a mapping are as clear")
ours("readme: mapping, -, test", rows(2), "splits as a mapping are as clear")
ours("readme: no name, -, train", rows(0, 1), "a config without a name is the default")
ours("readme: data_dir and data_files, a, train", rows(0, 1), "data_files are below data_dir")
for glob, answer in {"**": (0, 1, 2, 8, 3), "**/*": (0, 1, 2, 8, 3), "b/*": (2, 8), "b/**": (2, 8, 3)}.items():
    ours(f"readme: glob {glob}, -, train", rows(*answer), "files of other formats are passed over")
ours("readme: formats mixed, -, train", rows(0, 1), "one format of a split is read")
ours("readme: formats mixed 2, -, train", rows(0, 1, 2), "one format of a split is read")
ours("readme: number as a name, *", rows(0, 1), "a number is a name")
ours("array-after-space, bom*", rows(0, 1, 2), "as without the mark")
ours("array-twice-named*", "is in an object once: 'prompt' is twice", "which of two values is meant is not known")
ours("twice-named-inside*", "is in an object once: 'x' is twice", "which of two values is meant is not known")
for name in ["nested", "nested, two levels", "nested, v2"]:
    ours(f"parquet: {name}", [{k: dict(v) if k == "map" else v for k, v in x.items() if v is not None} for x in NESTED.to_pylist()], "maps are objects")


# The answers.
def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if v is not None}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def write(root, name, file):
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if "link" in file:
        os.symlink(file["link"], path)
        return
    data = base64.b64decode(file["base64"]) if "base64" in file else file["text"].encode()
    if file.get("bom"):
        data = b"\xef\xbb\xbf" + data
    if file.get("pack") == "gzip":
        data = gzip.compress(data)
    if file.get("pack") == "lz4":
        data = lz4.frame.compress(data)
    if file.get("pack") == "zstd":
        data = zstandard.compress(data)
    with open(path, "wb") as f:
        f.write(data)


def answer(c):
    root = tempfile.mkdtemp()
    try:
        home = os.path.join(root, "in")
        for name, file in c["files"].items():
            write(home, name, file)
        where = os.path.normpath(os.path.join(home, c["path"]))
        cache = os.path.join(root, "cache")
        if c["format"]:
            got = datasets.load_dataset(c["format"], data_files=where, split="train", cache_dir=cache)
        else:
            got = datasets.load_dataset(where, c["config"], split=c["split"], cache_dir=cache)
        return {"rows": [plain(x) for x in got]}
    except Exception as e:
        return {"refused": (type(e).__name__ + ": " + str(e)).replace(root, "").split("\n")[0][:90]}
    finally:
        shutil.rmtree(root)


for n, c in enumerate(CASES):
    c.update(answer(c))
    if "ours" in c and "rows" in c["ours"]:
        c["ours"]["rows"] = [plain(x) for x in c["ours"]["rows"]]
    for key in [k for k, v in c.items() if v is None]:
        del c[key]
    c.pop("format", None)
with open(sys.argv[1], "w") as out:
    out.write("[\n" + ",\n".join(json.dumps(c, ensure_ascii=True) for c in CASES) + "\n]\n")
print(len(CASES), sum("rows" in c for c in CASES))
