"""What the page does in the browser. Nothing here comes from a user or a document; what is clicked goes to actions."""

SCRIPT = r"""
export default function ({ parentElement, setTriggerValue }) {
  parentElement.stop?.();

  // What is clicked is told by attributes of the element; the lines are redrawn often, so the page is listened to.
  const events = {
    open: (e) => [Number(e.dataset.open)],
    hop: (e) => [Number(e.dataset.in), ...e.dataset.hop.split("-").map(Number)],
    mark: (e) => [Number(e.dataset.key), Number(e.dataset.mark)],
    sense: (e) => [Number(e.dataset.sense)],
    pick: (e) => [Number(e.dataset.pick)],
    period: (e) => [Number(e.dataset.period), e.dataset.of === "all" ? -1 : Number(e.dataset.of)],
  };
  let last = null;  // what had the focus when it was activated: it gets it back once the page has been redrawn
  const send = (act, numbers, every = false) => setTriggerValue("act", { act, numbers, every });
  const activate = (element, every) => {
    const act = Object.keys(events).find((name) => name in element.dataset);
    if (act === "sense" || act === "pick" || act === "period") {
      const value = element.dataset[act];
      last = `[data-${act}="${value}"]` + (element.dataset.key ? `[data-key="${element.dataset.key}"]` : "")
        + (element.dataset.of ? `[data-of="${element.dataset.of}"]` : "");
    } else last = null;
    send(act, events[act](element), every);
  };
  const active = "[data-open],[data-hop],[data-mark],[data-sense],[data-pick],[data-period]";
  const click = (event) => {
    const copy = event.target.closest?.("[data-copy]");
    if (copy) return copyAddress(copy);
    const element = event.target.closest?.(active);
    if (!element || framed) return;
    const every = event.shiftKey || event.ctrlKey || event.metaKey;
    if (!("hop" in element.dataset)) return activate(element, every);
    // Text that is being selected is not asked for: by drawing over it, or by a second click, which selects the word.
    clearTimeout(hopping);
    const selects = event.detail > 1 || !window.getSelection().isCollapsed;
    if (!selects) hopping = setTimeout(() => activate(element, every), event.pointerType === "touch" ? 0 : SECOND);
  };
  let hopping = 0;
  const SECOND = 250;  // milliseconds in which a second click makes it a double one

  const copyAddress = async (button) => {
    try {
      await navigator.clipboard.writeText(location.href);
    } catch {
      const field = Object.assign(document.createElement("textarea"), { value: location.href });
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    button.textContent = "Address copied";
    setTimeout(() => { button.textContent = "Copy address"; }, 2500);
  };

  // Keys: in a line the arrows go from word to word and from line to line, Enter asks for the word, + and - mark the
  // line, o opens its document; on the map the arrows go from point to point.
  const lines = () => [...document.querySelectorAll(".pol-lines .pol-text")];
  const keys = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const text = event.target.closest?.(".pol-lines .pol-text");
    const dot = event.target.closest?.(".pol-dot");
    const done = text ? lineKey(event, text) : dot ? dotKey(event, dot) : false;
    if (done) event.preventDefault();
  };
  const lineKey = (event, text) => {
    const words = [...text.querySelectorAll("[data-hop]")];
    const here = words.indexOf(document.activeElement);
    const item = text.closest(".pol-line");
    switch (event.key) {
      case "ArrowRight": case "ArrowLeft": {
        const start = here < 0 ? words.findIndex((word) => word.matches(".pol-node")) : here;
        const step = event.key === "ArrowRight" ? 1 : -1;
        return focusWord(words[Math.max(0, here < 0 && start >= 0 ? start : here + step)] ?? words.at(-1));
      }
      case "ArrowDown": case "ArrowUp": {
        const all = lines();
        const next = all[all.indexOf(text) + (event.key === "ArrowDown" ? 1 : -1)];
        next?.focus();
        return Boolean(next);
      }
      case "Enter": case " ":
        if (here >= 0) activate(words[here], false);
        return here >= 0;
      case "+": item.querySelector('[data-mark="1"]')?.click(); return true;
      case "-": item.querySelector('[data-mark="-1"]')?.click(); return true;
      case "o": item.querySelector("[data-open]")?.click(); return true;
      default: return false;
    }
  };
  const focusWord = (word) => {
    if (!word) return false;
    word.tabIndex = -1;
    word.setAttribute("role", "button");
    word.focus();
    return true;
  };
  const dotKey = (event, dot) => {
    const across = event.key === "ArrowRight" || event.key === "ArrowLeft";
    if (!across && event.key !== "ArrowUp" && event.key !== "ArrowDown") return false;
    const place = (e) => parseFloat(across ? e.style.left : e.style.top);
    const dots = [...dot.parentElement.children].sort((a, b) => place(a) - place(b));
    const forth = event.key === "ArrowRight" || event.key === "ArrowDown";
    const next = dots[dots.indexOf(dot) + (forth ? 1 : -1)];
    if (next) { dot.tabIndex = -1; next.tabIndex = 0; next.focus(); }
    return true;
  };

  // A frame drawn on the map picks the points inside.
  let frame = null, framed = false;
  const down = (event) => {
    const map = event.target.closest?.(".pol-map");
    framed = false;
    lift();
    if (!map || event.button) return;
    frame = { map, x: event.clientX, y: event.clientY, box: null };
  };
  // A frame that is not ended, as when a finger scrolls the page, picks nothing.
  const lift = () => {
    frame?.box?.remove();
    frame = null;
  };
  const drag = (event) => {
    if (!frame) return;
    const [x, y] = [event.clientX, event.clientY];
    if (!frame.box && Math.hypot(x - frame.x, y - frame.y) < 6) return;
    if (!frame.box) {
      frame.box = document.createElement("i");
      frame.box.className = "pol-frame";
      frame.map.append(frame.box);
    }
    const whole = frame.map.getBoundingClientRect();
    Object.assign(frame.box.style, {
      left: `${Math.min(x, frame.x) - whole.left}px`, top: `${Math.min(y, frame.y) - whole.top}px`,
      width: `${Math.abs(x - frame.x)}px`, height: `${Math.abs(y - frame.y)}px`,
    });
    event.preventDefault();
  };
  const up = (event) => {
    if (frame?.box) {
      const box = frame.box.getBoundingClientRect();
      frame.box.remove();
      const inside = [...frame.map.querySelectorAll(".pol-dot")].filter((dot) => {
        const at = dot.getBoundingClientRect();
        const [x, y] = [at.left + at.width / 2, at.top + at.height / 2];
        return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
      });
      framed = true;  // the click that ends the frame is none of its own
      setTimeout(() => { framed = false; });
      if (inside.length) send("pick", inside.map((dot) => Number(dot.dataset.pick)), event.shiftKey);
    }
    frame = null;
  };

  // Brings every node to the middle of its line, whose text can be scrolled sideways. All places are read before any
  // is changed, so that the page is laid out once.
  const align = () => {
    document.querySelectorAll(".pol-kwic").forEach((list) => resized.observe(list));
    const texts = [...document.querySelectorAll(".pol-kwic .pol-text")];
    const shifts = texts.map((text) => {
      const [whole, node] = [text, text.querySelector(".pol-node")].map((e) => e.getBoundingClientRect());
      return node.left + node.width / 2 - whole.left - whole.width / 2;
    });
    // Layout may just have begun to load the lines' font.
    if (document.fonts.status === "loading") document.fonts.ready.then(settle);
    texts.forEach((text, n) => { text.scrollLeft += shifts[n]; });
  };

  // Shows on the buttons which lines are marked.
  const press = () => {
    const told = document.querySelector(".pol-marked");
    if (!told) return;
    const [plus, minus] = [told.dataset.plus, told.dataset.minus].map((keys) => new Set(keys.split(" ")));
    document.querySelectorAll("[data-mark]").forEach((button) => {
      const pressed = (button.dataset.mark === "1" ? plus : minus).has(button.dataset.key);
      if (button.ariaPressed !== String(pressed)) button.ariaPressed = String(pressed);
    });
  };

  // Brings the sentence into view once for each hit that is opened.
  const show = () => {
    const here = document.querySelector(".pol-document [data-here]:not([data-shown])");
    if (!here) return;
    here.dataset.shown = "1";
    // Inside its frame first, so that the buttons above stay in view unless the window is too low for both.
    const box = here.closest(".pol-document");
    const [at, frame] = [here, box].map((e) => e.getBoundingClientRect());
    box.scrollTop += at.top + at.height / 2 - frame.top - frame.height / 2;
    (here.querySelector(".pol-node") ?? here).scrollIntoView({ block: "nearest" });
  };

  const refocus = () => {
    if (!last || document.activeElement !== document.body) return;
    const found = document.querySelector(last);
    if (found) { found.focus({ preventScroll: true }); last = null; }
  };

  let asked = 0;
  const settle = () => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(() => { press(); align(); show(); refocus(); });
  };
  const redrawn = new MutationObserver(settle);
  const resized = new ResizeObserver(settle);
  redrawn.observe(document.body, { childList: true, subtree: true });
  const heard = [
    ["click", click], ["keydown", keys], ["pointerdown", down], ["pointermove", drag], ["pointerup", up],
    ["pointercancel", lift],
  ];
  heard.forEach(([name, listener]) => document.addEventListener(name, listener));
  document.fonts.addEventListener("loadingdone", settle);
  document.documentElement.lang ||= "en";
  document.documentElement.dataset.listening = "1";  // from now on a click is heard, and what can be clicked is shown
  settle();

  parentElement.stop = () => {
    delete document.documentElement.dataset.listening;
    cancelAnimationFrame(asked);
    clearTimeout(hopping);
    redrawn.disconnect();
    resized.disconnect();
    heard.forEach(([name, listener]) => document.removeEventListener(name, listener));
    document.fonts.removeEventListener("loadingdone", settle);
  };
  return parentElement.stop;
}
"""
