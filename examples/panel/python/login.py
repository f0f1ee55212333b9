"""A login with Koppel as its second factor: flask --app login run --port 8000
KOPPEL_URL: your Koppel server · KOPPEL_KEY: a key with scope `verify` · APP_URL: this address; APP_URL/2fa is a registered return URL"""
import base64, hashlib, hmac, os, secrets, time
import requests
from flask import Flask, redirect, render_template_string, request, session

KOPPEL, KEY, APP = os.environ["KOPPEL_URL"], os.environ["KOPPEL_KEY"], os.environ["APP_URL"]
USERS = {"jansen": "4711"}  # Your own users, each with an id that never changes. Koppel is told that id, never what was typed.
app = Flask(__name__)
# Lax, not Strict: the browser comes back from another site, and is to bring its session along.
app.config.update(SECRET_KEY=secrets.token_bytes(32), SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_SECURE=APP.startswith("https:"))
def page(text, status=200, **values):
    return render_template_string(f"<!doctype html><html lang=en><title>Example</title><main><h1>Example</h1><p>{text}</p></main></html>", **values), status

def b64u(data): return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
def same(sent, ours): return isinstance(ours, str) and hmac.compare_digest((sent or "").encode(), ours.encode())

def koppel(path, expected, once, body):
    """Asks Koppel. None unless it answered with exactly this status: whatever else happens, nobody gets in."""
    headers = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": once}
    try:
        answer = requests.post(KOPPEL + path, json=body, headers=headers, timeout=10, allow_redirects=False)
        return answer.json() if answer.status_code == expected else None
    except (requests.RequestException, ValueError): return None

@app.get("/")
def start(): return page('{{ user or "Nobody" }} is in. <a href="/sign-in">Sign in</a>', user=session.get("user"))

@app.get("/sign-in")
def sign_in():
    return page("""<form method=post><input type=hidden name=form value="{{ form }}"><input name=login_name aria-label=Name required>
        <input name=password type=password aria-label=Password required> <button>Sign in</button></form>""", form=session.setdefault("form", secrets.token_urlsafe(16)))

@app.post("/sign-in")
def password():
    # Your own check of the password stands here.
    name, right = request.form.get("login_name", ""), same(request.form.get("password"), os.environ["PASSWORD"])
    if not same(request.form.get("form"), session.get("form")) or not right or name not in USERS:
        return page('Wrong name or password. <a href="/sign-in">Again</a>', 403)
    # Of v only the hash leaves this session, so that no other browser can finish this login.
    v, state = secrets.token_bytes(32), secrets.token_urlsafe(16)
    opened = koppel("/v1/prompts", 201, secrets.token_urlsafe(16), {
        "user": {"external_id": USERS[name], "login_name": name}, "purpose": "login", "binding": b64u(hashlib.sha256(v).digest()), "first_factor_at": int(time.time()),
        "browser": {"ip": request.remote_addr, "user_agent": request.headers.get("User-Agent", "")}, "return_url": f"{APP}/2fa", "state": state})
    if not opened: return page("We cannot check your second factor now. Please try again later.", 503)
    session.clear()
    session["waiting"] = {"user": USERS[name], "name": name, "v": b64u(v), "state": state, "prompt": opened["prompt"]}
    return redirect(opened["url"], 303)

@app.get("/2fa")
def came_back():
    waiting, sent, code = session.get("waiting", {}), request.args, request.args.get("code", "")
    if not (same(sent.get("state"), waiting.get("state")) and same(sent.get("prompt"), waiting.get("prompt")) and same(sent.get("iss"), KOPPEL)):
        return page('This does not belong to your browser. <a href="/sign-in">Sign in</a>', 403)
    verified = koppel(f"/v1/prompts/{waiting['prompt']}/result", 200, hashlib.sha256(code.encode()).hexdigest(), {"code": code, "v": waiting["v"]})
    session.clear()
    if not verified or (verified["verified"], verified["user"], verified["purpose"]) != (True, waiting["user"], "login"):
        return page('You are not in. <a href="/sign-in">Again</a>', 403)
    session["user"] = waiting["name"]
    return redirect("/", 303)
