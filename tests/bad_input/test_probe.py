from __future__ import annotations
import pytest, re, json, os, stat, subprocess
from pathlib import Path
from desk import CANARY, Desk, YAML, JSON, ENV, PEM
from desk import _run
def probe(name, app, capfd, *words, data=b""):
    from gitseal.cli import reporting
    import io, sys
    capfd.readouterr()
    code = reporting.guarded(_run, list(words))
    out, err = capfd.readouterr()
    with open("/tmp/probe.out", "a") as f:
        f.write(f"{name:28} {words} {code} {'LEAK ' if CANARY in err else ''}{out[:60]!r}\n    " + err.replace("\n","\n    ")+"\n")

def test_identities(app, capfd, monkeypatch, home):
    app.seal(".env", ENV)
    idf = home/".config/gitseal/identity.txt"
    text = idf.read_text()
    import shutil
    pins = home/".config/gitseal/pins"
    def case(n, content, mode=0o600):
        if idf.exists() or idf.is_symlink(): idf.unlink()
        if content is not None:
            idf.write_text(content); idf.chmod(mode)
        probe(n, app, capfd, "decrypt", ".env")
    case("none", None)
    case("0644", text, 0o644)
    case("0666", text, 0o666)
    case("empty", "")
    case("damaged", text[:-6]+"\n")
    case("garbage", CANARY+"\n")
    case("pubkey", app.recipient+"\n")
    from gitseal.masterkeys.identities import generate_identity
    generate_identity(str(home/"other.txt"))
    case("wrong", (home/"other.txt").read_text())
    import pyrage
    locked = pyrage.passphrase.encrypt(text.encode(), "pass")
    idf.unlink(); idf.write_bytes(locked); idf.chmod(0o600)
    probe("locked", app, capfd, "decrypt", ".env")
    idf.write_bytes(locked[:-5]); probe("locked-cut", app, capfd, "decrypt", ".env")
    idf.unlink(); idf.mkdir(); probe("dir", app, capfd, "decrypt", ".env"); idf.rmdir()
    os.mkfifo(idf); probe("fifo", app, capfd, "decrypt", ".env"); idf.unlink()
    idf.symlink_to(home/"other.txt"); probe("link", app, capfd, "decrypt", ".env"); idf.unlink()
    idf.write_bytes(b"x"*100000); idf.chmod(0o600); probe("huge", app, capfd, "decrypt", ".env"); idf.unlink()
    monkeypatch.setenv("GITSEAL_IDENTITY_FILE", str(home/"nowhere")); probe("named-missing", app, capfd, "decrypt", ".env")
    monkeypatch.delenv("GITSEAL_IDENTITY_FILE")
    for n,v in {"GITSEAL_IDENTITY": CANARY, "GITSEAL_KEY": CANARY, "GITSEAL_TRUST": CANARY, "GITSEAL_KEYS":"bogus", "GITSEAL_KEY_FILE":"/nonexistent"}.items():
        monkeypatch.setenv(n, v); probe(n, app, capfd, "decrypt", ".env"); monkeypatch.delenv(n)
    for v in ("gitseal-key-2.x.y", "gitseal-key-1."+CANARY, "gitseal-key-1.", "\x1b[31m", "x=y", "app=1234", "app="+"0"*52, "App=1", "a"*100000):
        for n in ("GITSEAL_KEY","GITSEAL_TRUST"):
            monkeypatch.setenv(n, v); probe(n+v[:20], app, capfd, "decrypt", ".env"); monkeypatch.delenv(n)
    (home/".config/gitseal/config.toml").write_text("editor = ["); probe("cfg", app, capfd, "decrypt", ".env")
    (home/".config/gitseal/config.toml").write_text("edtor = 'x'"); probe("cfg", app, capfd, "decrypt", ".env")
    (home/".config/gitseal/config.toml").write_text(f"editor = 3\n"); probe("cfg", app, capfd, "decrypt", ".env")
    (home/".config/gitseal/config.toml").write_text(f"timeout = '{CANARY}'\n"); probe("cfg", app, capfd, "decrypt", ".env")

def test_records(app, capfd, home):
    app.seal(".env", ENV)
    rec = app.folder/".gitseal/keyring/app.json"
    t = rec.read_text()
    open("/tmp/probe.out","a").write(t)
    def case(n, text, *w):
        rec.write_bytes(text if isinstance(text, bytes) else text.encode()); probe("rec-"+n, app, capfd, *(w or ("decrypt", ".env")))
    case("v2", t.replace('"v": 1','"v": 2')); case("cut", t[:200]); case("empty", ""); case("notjson", CANARY); case("dup", t.replace('"v": 1', '"v": 1,\n  "v": 1'))
    case("unknown", t.replace('"v": 1', '"v": 1,\n  "x": 1')); case("space", t+" "); case("sig", re.sub(r'"sig:v1\[_.', '"sig:v1[_0', t)); case("seq", t.replace('"seq": 1','"seq": 7'))
    case("float", t.replace('"seq": 1','"seq": 1.0')); case("deep", "["*100000); case("nonutf", t.encode()+b"\xff"); case("conflict", "<<<<<<< a\n"+t+"=======\n"+t+">>>>>>> b\n")
    case("conflict", "<<<<<<< a\n"+t+"=======\n"+t+">>>>>>> b\n", "apply", "--yes")
    case("conflict", "<<<<<<< a\n"+t+"=======\n"+t+">>>>>>> b\n", "check")
    case("name", t.replace('"name": "app"','"name": "bpp"'))
    case("huge", b"x"*20_000_000)
    rec.write_text(t)
    rec.rename(app.folder/".gitseal/keyring/zzz.json"); probe("rec-renamed", app, capfd, "decrypt", ".env"); (app.folder/".gitseal/keyring/zzz.json").rename(rec)
    (app.folder/".gitseal/keyring/Zz z.json").write_text(t); probe("rec-badname", app, capfd, "decrypt", ".env"); (app.folder/".gitseal/keyring/Zz z.json").unlink()
    rec.unlink(); rec.mkdir(); probe("rec-dir", app, capfd, "decrypt", ".env"); rec.rmdir(); os.mkfifo(rec); probe("rec-fifo", app, capfd, "decrypt", ".env"); rec.unlink(); rec.symlink_to("/etc/passwd"); probe("rec-link", app, capfd, "decrypt", ".env"); rec.unlink()
    rec.write_text(t)
    pin = app.folder/".git/gitseal/pins/app.json"; p = pin.read_text()
    def pcase(n, text):
        pin.write_text(text); probe("pin-"+n, app, capfd, "decrypt", ".env")
    pcase("cut", p[:100]); pcase("empty", ""); pcase("v2", p.replace('"v": 1\n}','"v": 2\n}')); pcase("garbage", CANARY)
    pcase("ok", p); pin.chmod(0o666); probe("pin-0666", app, capfd, "decrypt", ".env"); pin.chmod(0o600)
    pin.unlink(); pin.mkdir(); probe("pin-dir", app, capfd, "decrypt", ".env"); pin.rmdir(); pin.symlink_to("/x"); probe("pin-link", app, capfd, "decrypt", ".env"); pin.unlink()
    import shutil; shutil.rmtree(app.folder/".git/gitseal"); (app.folder/".git/gitseal").write_text("x"); probe("gitseal-file", app, capfd, "decrypt", ".env"); probe("gitseal-file", app, capfd, "set", ".env", "A", "1"); (app.folder/".git/gitseal").unlink()
    shutil.rmtree(home/".config/gitseal/pins"); probe("nopins", app, capfd, "decrypt", ".env")
    probe("nopins", app, capfd, "status"); probe("nopins", app, capfd, "trust"); probe("nopins", app, capfd, "set", ".env", "A", "1")
POL = """version: 1
readers:
  ada: KEY
scopes:
  app:
    files: [".env", "*.yaml"]
    readers: [ada]
"""
PC = {
 "syntax": lambda t: t+"x: [\n", "unknown-top": lambda t: t.replace("readers:\n  ada","readrs:\n  ada"), "unknown-scope-key": lambda t: t+"    worktre: plain\n",
 "unknown-reader": lambda t: t.replace("[ada]","[adda]"), "overlap": lambda t: t+"  two:\n    files: ['*.env']\n    readers: [ada]\n", "empty": lambda t: "", "comments": lambda t: "# x\n", "null": lambda t: "null\n",
 "list": lambda t: "- a\n", "scalar": lambda t: CANARY, "version2": lambda t: t.replace("version: 1","version: 2"), "noversion": lambda t: t.replace("version: 1\n",""), "versionstr": lambda t: t.replace("version: 1","version: '1'"),
 "dup": lambda t: t+"version: 1\n", "negpat": lambda t: t.replace("*.yaml","!*.yaml"), "gitpat": lambda t: t.replace("*.yaml",".gitattributes"), "badkey": lambda t: t.replace("KEY","age1xyz"), "badscheme": lambda t: t.replace("KEY","foo:bar"),
 "noreaders": lambda t: t.replace("[ada]","[]"), "nofiles": lambda t: t.replace('[".env", "*.yaml"]','[]'), "scope-name": lambda t: t.replace("  app:","  App:"), "scope-file": lambda t: t.replace("  app:","  file:"), "scope-con": lambda t: t.replace("  app:","  con:"),
 "ctx": lambda t: t+"    context: {App: x}\n", "ctx2": lambda t: t+"    context: {a: é}\n", "ctx3": lambda t: t+"    context: {a: 1}\n", "ctx6": lambda t: t+"    context: {a: a, b: b, c: c, d: d, e: e, f: f}\n", "worktree": lambda t: t+"    worktree: plane\n",
 "alias": lambda t: t.replace("[ada]","*x"), "anchor-ok": lambda t: t.replace("[ada]","&x [ada]"), "tag": lambda t: t.replace("version: 1","version: !!python/object:os.system 1"), "utf16": lambda t: t.encode("utf-16"), "latin": lambda t: t.encode()+b"# \xe9\n", "deep": lambda t: t+"x: "+"["*100000, "bomb": lambda t: t+"a: &a [x,x]\nb: &b [*a,*a]\n", "big": lambda t: t+"#"*3_000_000,
 "two-docs": lambda t: t+"---\na: 1\n", "conflict": lambda t: "<<<<<<< a\n"+t+"=======\n"+t+">>>>>>> b\n", "glob": lambda t: t.replace('"*.yaml"', '"'+"*"*10000+'"'), "glob2": lambda t: t.replace('"*.yaml"', '"[z-a"'), "group-cycle": lambda t: t.replace("scopes:","groups:\n  a: [b]\n  b: [a]\nscopes:").replace("readers: [ada]","readers: [a]"), "esc": lambda t: t.replace("ada","\x1b[31m"), "privkey": lambda t: t.replace("KEY", "AGE-SECRET-KEY-1"+"Q"*58)
}
@pytest.mark.parametrize("n", PC)
def test_policy(n, desk, capfd):
    t = PC[n](POL.replace("KEY", desk.recipient) if n not in ("badkey","badscheme","privkey") else POL)
    desk.write(".gitseal.yaml", t)
    probe("pol-"+n, desk, capfd, "apply", "--yes")
