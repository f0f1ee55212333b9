// The one script of the hosted pages. Every page works without it.
"use strict";
document.documentElement.classList.add("script");

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-digits]").forEach(boxes);
  document.querySelectorAll("[data-wait]").forEach(wait);
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });
  document.querySelectorAll("[data-save]").forEach(save);
  document.querySelectorAll("time").forEach(moment);
  document.querySelectorAll("[data-fragment]").forEach(fragment);
  document.querySelectorAll(".copy").forEach(copy);
  document.querySelectorAll(".ring").forEach(ring);
  const main = document.querySelector("main");
  if (main.dataset.link !== undefined) {
    link(main);
    addEventListener("hashchange", () => link(main));
  }
  if (main.dataset.page) live(main);
});

// A page that comes back from the browser's memory shows an old state.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

/** Draws a box for each digit under the one input that people, screen readers and autofill use. */
function boxes(input) {
  const count = Number(input.dataset.digits);
  const row = document.createElement("div");
  row.className = "boxes";
  row.setAttribute("aria-hidden", "true");
  for (let n = 0; n < count; n++) row.append(document.createElement("i"));
  row.children[Math.ceil(count / 2)].dataset.half = "";
  input.parentNode.append(row);
  input.removeAttribute("maxlength"); // a pasted sentence may hold the code
  input.parentNode.classList.add("boxed");

  const place = (at) => input.setSelectionRange(at, at);
  const draw = () => {
    const here = Math.min(input.selectionStart ?? 0, count - 1);
    [...row.children].forEach((box, n) => {
      box.textContent = input.value[n] ?? "";
      box.className = n === here ? "here" : "";
    });
  };
  // Typing replaces the digit under the cursor, as boxes promise.
  input.addEventListener("beforeinput", (event) => {
    const at = input.selectionStart;
    if (event.inputType === "insertText" && at === input.selectionEnd && at < input.value.length) {
      input.setSelectionRange(at, at + 1);
    }
  });
  input.addEventListener("input", () => {
    const at = input.selectionStart;
    // Full-width, Arabic and Persian digits lie sixteen apart from a round number.
    const plain = (text) => text.replace(/[\uff10-\uff19\u0660-\u0669\u06f0-\u06f9]/g, (digit) => digit.charCodeAt(0) & 15);
    const clean = (text) => plain(text).replace(/\D/g, "");
    const before = clean(input.value.slice(0, at)).length;
    const digits = clean(input.value).slice(0, count);
    if (digits !== input.value) {
      input.value = digits;
      place(Math.min(before, count));
    }
    draw();
  });
  input.addEventListener("click", (event) => {
    const n = [...row.children].findIndex((box) => event.clientX < box.getBoundingClientRect().right + 4);
    if (event.detail > 0) place(n < 0 ? input.value.length : Math.min(n, input.value.length));
    draw();
  });
  document.addEventListener("selectionchange", draw);
  input.addEventListener("focus", draw);
  draw();
}

/** Holds a button back for as many seconds as the server asks. */
function wait(button) {
  const until = Date.now() + button.dataset.wait * 1000;
  const after = button.querySelector("[data-after]");
  const hold = (event) => event.preventDefault();
  button.addEventListener("click", hold);
  button.setAttribute("aria-disabled", "true");
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    if (left > 0) {
      after.textContent = after.dataset.after.replace("#", left);
      return void setTimeout(tick, 250);
    }
    after.textContent = "";
    button.removeEventListener("click", hold);
    button.removeAttribute("aria-disabled");
  };
  tick();
}

/** Runs the countdown, and says so when it ends. */
function ring(element) {
  const [picture, seconds, spoken] = element.children;
  const lifetime = Math.max(1, Number(element.dataset.lifetime));
  const until = Date.now() + element.dataset.seconds * 1000;
  let said = Infinity;
  element.hidden = false;
  const tick = () => {
    const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    seconds.textContent = lifetime > 120 ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` : left;
    picture.lastElementChild.setAttribute("stroke-dashoffset", 100 - (100 * Math.min(left, lifetime)) / lifetime);
    element.classList.toggle("late", left <= 10);
    const mark = [10, 30, 60].find((moment) => left <= moment);
    if (said !== Infinity && mark < said) spoken.textContent = spoken.getAttribute("data-" + mark);
    said = mark ?? 1000;
    if (left > 0) return void setTimeout(tick, 250);
    dispatchEvent(new Event("timeup"));
  };
  tick();
}

/** Saves the codes of the page as a file; they go nowhere but to the disk. */
function save(button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const lines = [...document.querySelectorAll(".codes code")].map((code) => code.textContent + "\n");
    const file = document.createElement("a");
    file.href = URL.createObjectURL(new Blob(lines, { type: "text/plain" }));
    file.download = button.dataset.save;
    file.click();
    URL.revokeObjectURL(file.href);
  });
}

/** Says a moment in the time of whoever reads. */
function moment(element) {
  const written = { dateStyle: "medium", timeStyle: "short" };
  element.textContent = new Date(element.dateTime).toLocaleString(document.documentElement.lang, written);
}

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** Follows the state by long poll and loads the page again when it is another one. */
async function live(main) {
  const { page, screen, offline } = main.dataset;
  const finish = document.querySelector("[data-when=approved]");
  if (main.dataset.state === "approved" && finish) return finish.submit();
  const line = document.querySelector(".line");
  if (!line) return;
  const say = (name, text) => {
    const element = line.querySelector(`[data-text=${name}]`);
    if (element.textContent !== text) element.textContent = text;
  };
  let version = main.dataset.version;
  let pause = 1000;
  let left = false;
  let ask;
  const leave = () => { left = true; ask?.abort(); };
  addEventListener("pagehide", leave);
  // A form is on its way: loading the page again now would call it back.
  addEventListener("submit", leave);
  addEventListener("timeup", () => { version = "0"; ask?.abort(); });
  while (!left) {
    try {
      ask = new AbortController();
      const answer = await fetch(`${page}/state?after=${version}&wait=25`, { signal: ask.signal, cache: "no-store" });
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
        await sleep(1000);
        return location.replace(page);
      }
      if (!answer.ok) throw new Error(answer.statusText);
      const state = await answer.json();
      line.classList.remove("offline");
      line.dataset.line = state.state;
      say("line", state.line);
      say("hint", state.hint);
      if (state.state === "approved" && finish) return finish.submit();
      if (state.screen !== screen) return location.replace(page);
      // A server that does not wait must not be asked without end.
      if (String(state.version) === version) await sleep(250);
      version = String(state.version);
      pause = 1000;
    } catch (error) {
      if (left) return;
      if (ask.signal.aborted) continue;
      line.classList.add("offline");
      say("hint", offline);
      await sleep(pause * (0.5 + Math.random()));
      pause = Math.min(pause * 2, 15000);
    }
  }
}

/** Shows the button that copies, where the browser lets a page write to the clipboard. */
function copy(element) {
  const [text, button] = element.children;
  text.addEventListener("focus", () => text.select());
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text.value);
    button.firstElementChild.textContent = button.dataset.copied;
  });
}

/** Takes the secret of a one-time link out of the address and into the form. */
function fragment(input) {
  const secret = location.hash.slice(1);
  if (!/^[\w-]{16,64}$/.test(secret)) return;
  input.value = secret;
  history.replaceState(null, "", location.pathname);
  document.getElementById("password").focus();
}

/** Hands the fields of the fragment to the app; they never leave this device. */
function link(main) {
  const fields = new URLSearchParams(location.hash.slice(1));
  const whole = ["v", "s", "t", "k"].every((name) => /^[\w-]+$/.test(fields.get(name) ?? ""));
  main.querySelector("[data-part=whole]").hidden = !whole;
  main.querySelector("[data-part=broken]").hidden = whole;
  if (!whole) return;
  const open = main.querySelector("[data-open]");
  open.href = `koppel:${location.href}`;
  open.hidden = false;
  main.querySelector("[data-manual]").hidden = false;
  main.querySelector(".copy textarea").value = location.href;
}
