// The page's behaviour in the browser: clicks, keys, the frame on the map, and the position of each line's text.
// No value here comes from a user or a document. Clicks are sent to `actions.py`, which checks them. The texts come from
// `app.py`, in the visitor's language.

/** Milliseconds within which a second click makes a double click. */
const DOUBLE_CLICK = 250;
/** Pixels that the pointer moves before a press on the map becomes a frame. */
const FRAME_STARTS = 6;
/** Factor of one step of the map's zoom, and the greatest zoom. */
const ZOOM_STEP = 1.5;
const MOST_ZOOM = 40;
/** Milliseconds for which the copy button confirms the copy. */
const CONFIRMED = 2500;
/** Pixels of the first sense or lines of an answer that are on the screen. */
const ROOM = 60;

/** The parts of the address that hold the marks, as `marks.py` names them. */
const MARKS = ["plus", "minus", "plus_sentences", "minus_sentences", "cleared", "cleared_sentences", "marks"];

/** The numbers that `actions.py` receives for each kind of element, by the element's data attribute. */
const NUMBERS = {
  open: (data) => [Number(data.open)],
  hop: (data) => [Number(data.in), ...data.hop.split("-").map(Number)],
  mark: (data) => [Number(data.key), Number(data.mark)],
  sense: (data) => [Number(data.sense)],
  pick: (data) => [Number(data.pick)],
  around: (data) => [Number(data.around)],
  alike: (data) => [Number(data.alike)],
  read: (data) => [Number(data.read)],
  document: (data) => [Number(data.document)],
  collocate: (data) => [Number(data.collocate)],
  period: (data) => [Number(data.period), data.of === "all" ? -1 : Number(data.of)],
};
const CLICKABLE = Object.keys(NUMBERS).map((name) => `[data-${name}]`).join(",");

/** @type {(selector: string) => HTMLElement | null} */
const find = (selector) => document.querySelector(selector);
/** @type {(selector: string) => HTMLElement[]} */
const findAll = (selector) => [...document.querySelectorAll(selector)].filter((e) => e instanceof HTMLElement);

/** The browser's part of a Streamlit component. Streamlit calls it when the component appears or changes. */
export default function ({ data: labels, parentElement, setTriggerValue }) {
  parentElement.stop?.();

  // Streamlit redraws elements often, so the document listens instead of each element.
  /** Selector of the element to focus again after the page has been redrawn. */
  let refocused = null;
  const send = (act, numbers, every = false) => setTriggerValue("act", { act, numbers, every });
  const activate = (element, every) => {
    const { dataset } = element;
    const act = Object.keys(NUMBERS).find((name) => name in dataset);
    refocused = null;
    if (["sense", "pick", "period", "around", "alike", "document", "collocate"].includes(act)) {
      const names = [act, "key", "of"].filter((name) => dataset[name]);
      refocused = names.map((name) => `[data-${name}="${dataset[name]}"]`).join("");
    }
    announce();
    hopped = act === "hop";
    send(act, NUMBERS[act](dataset), every);
  };

  // Says at the question itself that the page works, before the server has heard of it.
  let announced = 0;
  const announce = () => {
    document.documentElement.dataset.asked = "1";
    clearTimeout(announced);
    announced = setTimeout(calm, CONFIRMED);
  };
  const calm = () => {
    delete document.documentElement.dataset.asked;
  };

  let hopping = 0;
  const onClick = (event) => {
    const copy = event.target.closest?.("[data-copy]");
    if (copy) {
      copyAddress(copy);
      return;
    }
    const tool = event.target.closest?.(".pol-tools button");
    if (tool) {
      useTool(tool);
      return;
    }
    if (event.target.closest?.("[data-fold]")) {
      fold();
      return;
    }
    const element = event.target.closest?.(CLICKABLE);
    // An open list of Streamlit has an attribute `data-open` too. Only the page's own HTML is meant.
    if (!element?.closest(".stHtml") || framed) return;
    const every = event.shiftKey || event.ctrlKey || event.metaKey;
    if (!("hop" in element.dataset)) {
      activate(element, every);
      return;
    }
    // A word is not searched for while its text is being selected, by dragging or by a double click.
    clearTimeout(hopping);
    const selects = event.detail > 1 || !document.getSelection().isCollapsed;
    const delay = event.pointerType === "touch" ? 0 : DOUBLE_CLICK;
    if (!selects) hopping = setTimeout(() => activate(element, every), delay);
  };

  /** Host names that mean this machine, so a link with one of them opens nothing elsewhere. */
  const isHere = () => /^(localhost|127\.|\[?::1)/.test(location.hostname);
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
    button.textContent = isHere() ? labels.copiedHere : labels.copied;
    setTimeout(() => {
      button.textContent = labels.copy;
    }, CONFIRMED);
  };

  // In a line, the arrow keys go from word to word and from line to line. Enter searches for the word, + and - mark the
  // line, o opens its document, c shows its context, and a the lines like it. g annotates the marked lines, u undoes
  // that, and U does it again. / goes to the search box. On the map, the arrow keys go from point to point.
  const onKey = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" && event.target.closest?.(".st-key-box input")) announce();
    if (event.key === "ArrowDown" && event.target.closest?.(".st-key-box input")) {
      find(".pol-lines .pol-text")?.focus();
      event.preventDefault();
      return;
    }
    // The buttons of a line count too. After c or a, the button that was pressed has the focus.
    const text = event.target.closest?.(".pol-lines .pol-line")?.querySelector(".pol-text");
    const dot = event.target.closest?.(".pol-dot");
    const handled = text ? onLineKey(event, text) : dot ? onDotKey(event, dot) : false;
    if (handled) event.preventDefault();
  };
  const onLineKey = (event, text) => {
    const words = [...text.querySelectorAll("[data-hop]")];
    const here = words.indexOf(document.activeElement);
    const line = text.closest(".pol-line");
    switch (event.key) {
      case "ArrowRight":
      case "ArrowLeft": {
        const node = words.findIndex((word) => word.closest(".pol-node"));
        const step = event.key === "ArrowRight" ? 1 : -1;
        return focusWord(words[Math.max(0, here < 0 && node >= 0 ? node : here + step)] ?? words.at(-1));
      }
      case "ArrowDown":
      case "ArrowUp": {
        const texts = findAll(".pol-lines .pol-text");
        const next = texts[texts.indexOf(text) + (event.key === "ArrowDown" ? 1 : -1)];
        next?.focus();
        return Boolean(next);
      }
      case "Enter":
      case " ":
        if (here >= 0) activate(words[here], false);
        return here >= 0;
      case "+":
        line.querySelector('[data-mark="1"]')?.click();
        return true;
      case "-":
        line.querySelector('[data-mark="-1"]')?.click();
        return true;
      case "o":
        line.querySelector("[data-open]")?.click();
        return true;
      case "c":
        line.querySelector("[data-around]")?.click();
        return true;
      case "g":
        return annotate(line);
      case "u":
      case "U":
        find(event.key === "u" ? ".st-key-undo button" : ".st-key-redo button")?.click();
        return true;
      case "a":
        line.querySelector("[data-alike]")?.click();
        return true;
      case "/":
        find(".st-key-box input")?.focus();
        return true;
      default:
        return false;
    }
  };
  const focusWord = (word) => {
    if (!word) return false;
    word.tabIndex = -1;
    word.setAttribute("role", "button");
    word.focus();
    return true;
  };
  // While a marked word is pointed at or has the focus, all words that meet the same word of the query are lit.
  // A point of the map shows its name.
  const onPoint = (event) => {
    const dot = event.target.closest?.(".pol-dot");
    if (dot && !dot.title) dot.title = dot.ariaLabel;
    const met = event.target.closest?.("[data-meets]")?.dataset.meets.split(" ") ?? [];
    findAll("[data-meets]").forEach((word) => {
      word.toggleAttribute("data-lit", word.dataset.meets.split(" ").some((number) => met.includes(number)));
    });
    lightLinks(event.target.closest?.(".pol-collocate")?.dataset.collocate);
  };
  // The same for the lines of a graph that end at the word, and the words at their other ends.
  const lightLinks = (number) => {
    const linked = [];
    findAll(".pol-link").forEach((line) => {
      const ends = line.dataset.ends.split(" ");
      const isLit = ends.includes(number);
      line.toggleAttribute("data-lit", isLit);
      if (isLit) linked.push(...ends);
    });
    findAll(".pol-collocate").forEach((word) => {
      word.toggleAttribute("data-lit", linked.includes(word.dataset.collocate));
    });
  };
  const onDotKey = (event, dot) => {
    const across = event.key === "ArrowRight" || event.key === "ArrowLeft";
    if (!across && event.key !== "ArrowUp" && event.key !== "ArrowDown") return false;
    const place = (e) => parseFloat(e.style.getPropertyValue(across ? "--l" : "--t"));
    const dots = [...dot.parentElement.querySelectorAll(".pol-dot")].sort((a, b) => place(a) - place(b));
    const forward = event.key === "ArrowRight" || event.key === "ArrowDown";
    const next = dots[dots.indexOf(dot) + (forward ? 1 : -1)];
    if (next) {
      dot.tabIndex = -1;
      next.tabIndex = 0;
      showDot(next);
      next.focus({ preventScroll: true });
    }
    return true;
  };

  // The map is drawn larger around a place of it. The browser alone knows how, and keeps it for the same map.
  /** The zoom, and the place of the map's centre in per cent. */
  let zoomed = { word: "", by: 1, x: 50, y: 50 };
  let hasLasso = false;
  const showZoom = () => {
    const map = find(".pol-map");
    if (!map) return;
    if (map.dataset.word !== zoomed.word) zoomed = { word: map.dataset.word, by: 1, x: 50, y: 50 };
    const wanted = { "--k": `${zoomed.by}`, "--x": `${zoomed.x}%`, "--y": `${zoomed.y}%` };
    for (const [name, value] of Object.entries(wanted)) {
      if (map.style.getPropertyValue(name) !== value) map.style.setProperty(name, value);
    }
    const lasso = find("[data-lasso]");
    if (lasso && lasso.ariaPressed !== String(hasLasso)) lasso.ariaPressed = String(hasLasso);
    map.style.touchAction = hasLasso ? "none" : ""; // a finger draws, and does not scroll the page
  };
  /** Moves the centre, but not so far that the map ends inside its box. */
  const centre = (x, y) => {
    const half = 50 / zoomed.by;
    [zoomed.x, zoomed.y] = [x, y].map((place) => Math.min(100 - half, Math.max(half, place)));
    showZoom();
  };
  /** Zooms by a factor. The place (x, y) of the map, in per cent, stays where it is. */
  const zoom = (factor, x, y) => {
    const by = Math.min(MOST_ZOOM, Math.max(1, zoomed.by * factor));
    const rest = zoomed.by / by;
    zoomed.by = by;
    centre(x + (zoomed.x - x) * rest, y + (zoomed.y - y) * rest);
  };
  const useTool = (tool) => {
    if (tool.dataset.lasso) hasLasso = !hasLasso;
    const step = Number(tool.dataset.zoom ?? 0);
    if (tool.dataset.zoom === "0") zoomed.by = 1;
    if (step) zoom(ZOOM_STEP ** step, zoomed.x, zoomed.y);
    else centre(zoomed.x, zoomed.y);
  };
  const onWheel = (event) => {
    const map = event.target.closest?.(".pol-map");
    if (!map || !event.deltaY || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    const turned = Math.min(100, Math.max(-100, event.deltaY)) / 100; // a notch of a wheel, or a bit of a touchpad
    const box = map.getBoundingClientRect();
    const at = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    const [x, y] = at.map((part, n) => [zoomed.x, zoomed.y][n] + (100 * (part - 0.5)) / zoomed.by);
    zoom(ZOOM_STEP ** -turned, x, y);
  };
  /** Moves the centre to a point that is outside the box. */
  const showDot = (dot) => {
    const [x, y] = ["--l", "--t"].map((name) => parseFloat(dot.style.getPropertyValue(name)));
    const half = 50 / zoomed.by;
    if (Math.abs(x - zoomed.x) > half || Math.abs(y - zoomed.y) > half) centre(x, y);
  };

  const onFocus = (event) => {
    const dot = event.target.closest?.(".pol-dot");
    if (dot) showDot(dot);
  };
  // The browser scrolls to a point that gets the focus, also inside the map. There, the zoom alone moves points.
  const onScroll = ({ target }) => {
    if (target instanceof HTMLElement && target.matches(".pol-map")) target.scrollTo(0, 0);
  };

  // A frame drawn on the map picks the points inside it.
  let frame = null;
  /** Whether a frame has just ended. The click event that follows its end must not activate a point. */
  let framed = false;
  const onDown = (event) => {
    const map = event.target.closest?.(".pol-map");
    framed = false;
    dropFrame();
    if (!map || event.button) return;
    frame = { map, x: event.clientX, y: event.clientY, box: null, line: hasLasso ? [] : null };
  };
  // An interrupted frame picks nothing, for example when a finger starts to scroll the page.
  const dropFrame = () => {
    frame?.box?.remove();
    frame = null;
  };
  const onMove = (event) => {
    if (!frame) return;
    const [x, y] = [event.clientX, event.clientY];
    if (!frame.box && Math.hypot(x - frame.x, y - frame.y) < FRAME_STARTS) return;
    const map = frame.map.getBoundingClientRect();
    if (frame.line) {
      drawLasso(x, y, map);
      event.preventDefault();
      return;
    }
    if (!frame.box) {
      frame.box = document.createElement("i");
      frame.box.className = "pol-frame";
      frame.map.append(frame.box);
    }
    Object.assign(frame.box.style, {
      left: `${Math.min(x, frame.x) - map.left}px`,
      top: `${Math.min(y, frame.y) - map.top}px`,
      width: `${Math.abs(x - frame.x)}px`,
      height: `${Math.abs(y - frame.y)}px`,
    });
    event.preventDefault();
  };
  const drawLasso = (x, y, map) => {
    const shape = "http://www.w3.org/2000/svg";
    if (!frame.box) {
      frame.box = document.createElementNS(shape, "svg");
      frame.box.setAttribute("class", "pol-lasso");
      frame.box.append(document.createElementNS(shape, "polygon"));
      frame.map.append(frame.box);
      frame.line.push([frame.x, frame.y]);
    }
    frame.line.push([x, y]);
    const places = frame.line.map(([left, top]) => `${left - map.left},${top - map.top}`);
    frame.box.firstChild.setAttribute("points", places.join(" "));
  };
  /** Whether a place is inside a closed line: a ray from it crosses the line an odd number of times. */
  const isWithin = (line, x, y) =>
    line.filter(([left, top], n) => {
          const [other, below] = line.at(n - 1);
          return (top > y) !== (below > y) && x < ((other - left) * (y - top)) / (below - top) + left;
        }).length % 2 === 1;
  const onUp = (event) => {
    if (frame?.box?.isConnected) { // the page may have drawn another map meanwhile
      const box = frame.box.getBoundingClientRect();
      const line = frame.line;
      frame.box.remove();
      const inside = [...frame.map.querySelectorAll(".pol-dot")].filter((dot) => {
        const at = dot.getBoundingClientRect();
        const [x, y] = [at.left + at.width / 2, at.top + at.height / 2];
        const seen = x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
        return seen && (!line || isWithin(line, x, y));
      });
      framed = true;
      setTimeout(() => {
        framed = false;
      });
      if (inside.length) send("pick", inside.map((dot) => Number(dot.dataset.pick)), event.shiftKey);
    }
    frame = null;
  };

  // Scrolls the text of every line sideways so that its node is in the middle. All positions are read before any is
  // changed, so that the browser computes the layout once.
  const alignNodes = () => {
    findAll(".pol-aligned").forEach((list) => resized.observe(list));
    const texts = findAll(".pol-aligned .pol-text");
    const shifts = texts.map((text) => {
      const [line, node] = [text, text.querySelector(".pol-node")].map((e) => e.getBoundingClientRect());
      return node.left + node.width / 2 - line.left - line.width / 2;
    });
    // The layout above may have started to load the lines' font.
    if (document.fonts.status === "loading") document.fonts.ready.then(update);
    texts.forEach((text, n) => {
      text.scrollLeft += shifts[n];
    });
  };

  // Writes the marks into the address without a new entry of the browser's history.
  const writeMarks = (marked) => {
    const address = new URL(location.href);
    for (const name of MARKS) address.searchParams.delete(name);
    for (const [name, keys] of new URLSearchParams(marked.dataset.address)) address.searchParams.set(name, keys);
    if (address.search !== location.search) history.replaceState(history.state, "", address);
  };

  // Moves the signs of the senses into their lines, which are shown before the senses are known.
  const placeSigns = () => {
    findAll(".pol-signs [data-key]").forEach((sign) => {
      const cell = find(`.pol-line[data-key="${sign.dataset.key}"] > .pol-s`);
      if (cell && cell.outerHTML !== sign.innerHTML) cell.outerHTML = sign.innerHTML;
    });
  };

  // Puts the signs of annotations before the documents of their lines, and removes those that no longer hold.
  const placeAnnotations = () => {
    if (!find(".pol-annotations")) return;
    const said = new Map(findAll(".pol-annotations [data-key]").map((each) => [each.dataset.key, each.innerHTML]));
    findAll(".pol-line").forEach((line) => {
      const cell = line.querySelector(":scope > .pol-where");
      const here = cell?.querySelector(":scope > .pol-chips");
      const wanted = said.get(line.dataset.key) ?? "";
      if (!cell || (here?.outerHTML ?? "") === wanted) return;
      here?.remove();
      cell.insertAdjacentHTML("afterbegin", wanted);
    });
  };

  /** Whether the form of the marked lines is to be opened: "wanted" until there is its button, then "opened". */
  let annotating = "";
  const annotate = (line) => {
    if (!find('.pol-line [data-mark="1"][aria-pressed="true"]')) line.querySelector('[data-mark="1"]')?.click();
    annotating = "wanted";
    update();
    return true;
  };
  const openForm = () => {
    if (annotating === "wanted" && !isRunning()) {
      const button = find('[class*="st-key-annotate-"] button');
      if (!button) return;
      annotating = "opened";
      button.click();
    } else if (annotating === "opened") {
      const field = find('[class*="st-key-form-annotate-"] input');
      if (!field) return;
      annotating = "";
      field.focus();
    }
  };

  // Streamlit draws dialogs outside the element that has the theme's colour scheme.
  const shareColours = () => {
    const scheme = getComputedStyle(find(".stApp") ?? document.body).colorScheme;
    if (document.documentElement.style.colorScheme !== scheme) document.documentElement.style.colorScheme = scheme;
  };

  // A text of a document has a direction. It also gets the language of the documents, for screen readers.
  const nameLanguages = () => {
    findAll(".stHtml [dir]:not([lang])").forEach((text) => {
      text.lang = labels.documents;
    });
  };

  // Presses the buttons of the marked lines.
  const pressMarks = () => {
    const marked = find(".pol-marked");
    if (!marked) return;
    writeMarks(marked);
    const [plus, minus] = [marked.dataset.plus, marked.dataset.minus].map((keys) => new Set(keys.split(" ")));
    findAll("[data-mark]").forEach((button) => {
      const pressed = (button.dataset.mark === "1" ? plus : minus).has(button.dataset.key);
      if (button.ariaPressed !== String(pressed)) button.ariaPressed = String(pressed);
    });
  };

  // Scrolls an opened document to the hit's sentence, once for each hit.
  const showSentence = () => {
    const sentence = find(".pol-document [data-here]:not([data-shown])");
    if (!sentence) return;
    sentence.dataset.shown = "1";
    // The document scrolls first, so that the buttons above it stay visible if the window is high enough.
    const text = sentence.closest(".pol-document");
    const [at, around] = [sentence, text].map((e) => e.getBoundingClientRect());
    text.scrollTop += at.top + at.height / 2 - around.top - around.height / 2;
    (sentence.querySelector(".pol-node") ?? sentence).scrollIntoView({ block: "nearest" });
  };

  const isRunning = () => !find('.stApp[data-test-script-state="notRunning"]');
  /** Whether a word of a line was clicked, so that its lines are to be scrolled to. */
  let hopped = false;
  /** Which answer was on the page before: its word, its lines, and the content of its tab. */
  let before = null;
  // Scrolls to what has changed, unless it is on the screen: the lines, the content of a tab, or the senses of a word.
  // A visit that begins with an answer, such as that of a link, begins at its top.
  const showAnswer = () => {
    const answer = find(".pol-answer");
    if (isRunning()) return;
    if (!answer) {
      if (find(".st-key-box")) before ??= {};
      return;
    }
    const { word, lines, tab } = answer.dataset;
    const last = before;
    if (last && last.word === word && last.lines === lines && last.tab === tab) return;
    before = { word, lines, tab };
    const list = find(".pol-list, .pol-message");
    const senses = find(".pol-senses li");
    if (!last || !list) return;
    if (last.word !== word && !hopped) {
      // What a word or a sentence was understood as stays on the screen, if there is room for it.
      if (!isIn(senses ?? list, ROOM)) (senses ? find(".st-key-above") : list)?.scrollIntoView({ block: "start" });
    } else if (last.tab !== tab && last.word === word && last.lines === lines) {
      unfold();
      const content = find(".st-key-tab");
      if (content) content.scrollIntoView({ block: content.offsetHeight > innerHeight * 0.8 ? "start" : "nearest" });
    } else if (!isIn(list, innerHeight * 0.4)) {
      list.scrollIntoView({ block: "start" });
    }
    hopped = false;
  };
  /** Whether an element begins on the screen, with some room below its beginning, in pixels. */
  const isIn = (element, room) => {
    const { top } = element.getBoundingClientRect();
    const heading = find(".pol-top")?.getBoundingClientRect().bottom ?? 0;
    return top >= Math.max(0, heading - 1) && top + room <= innerHeight;
  };

  // The panel of the senses can be folded, so that the lines come higher.
  const unfold = () => {
    delete document.documentElement.dataset.folded;
    nameFold();
  };
  const fold = () => {
    document.documentElement.toggleAttribute("data-folded");
    nameFold();
  };
  const nameFold = () => {
    const folded = "folded" in document.documentElement.dataset;
    findAll("[data-fold]").forEach((button) => {
      const name = folded ? button.dataset.show : button.dataset.hide;
      if (button.textContent !== name) button.textContent = name;
      if (button.ariaExpanded !== String(!folded)) button.ariaExpanded = String(!folded);
    });
  };

  const restoreFocus = () => {
    if (!refocused || document.activeElement !== document.body) return;
    const element = find(refocused);
    if (!element) return;
    element.focus({ preventScroll: true });
    refocused = null;
  };

  let scheduled = 0;
  const update = () => {
    cancelAnimationFrame(scheduled);
    scheduled = requestAnimationFrame(() => {
      shareColours();
      nameLanguages();
      placeSigns();
      showZoom();
      placeAnnotations();
      pressMarks();
      openForm();
      alignNodes();
      nameFold();
      showAnswer();
      showSentence();
      restoreFocus();
    });
  };
  const redrawn = new MutationObserver(update);
  // The script's state is an attribute. The list is scrolled to when the script has ended.
  const ended = new MutationObserver(() => {
    if (!isRunning()) calm();
    update();
  });
  const app = find(".stApp");
  if (app) ended.observe(app, { attributes: true, attributeFilter: ["data-test-script-state", "style", "class"] });

  // The first Tab reaches a link to the lines, or to the search box of a page without lines.
  find(".pol-skip")?.remove();
  const skip = Object.assign(document.createElement("button"), { className: "pol-skip", type: "button" });
  skip.textContent = labels.skip;
  skip.addEventListener("click", () => (find(".pol-lines .pol-text") ?? find(".st-key-box input"))?.focus());
  document.body.prepend(skip);
  const resized = new ResizeObserver(update);
  redrawn.observe(document.body, { childList: true, subtree: true });
  const listeners = Object.entries({
    click: onClick,
    keydown: onKey,
    pointerover: onPoint,
    focusin: onPoint,
    pointerdown: onDown,
    pointermove: onMove,
    pointerup: onUp,
    pointercancel: dropFrame,
  });
  listeners.forEach(([name, listener]) => document.addEventListener(name, listener));
  document.addEventListener("scroll", onScroll, true);
  document.addEventListener("focusin", onFocus);
  document.addEventListener("wheel", onWheel, { passive: false }); // so that the browser does not zoom the page
  document.fonts.addEventListener("loadingdone", update);

  // The stylesheet hides clickable parts until this attribute shows that clicks are handled.
  document.documentElement.dataset.listening = "1";
  update();

  parentElement.stop = () => {
    delete document.documentElement.dataset.listening;
    cancelAnimationFrame(scheduled);
    clearTimeout(hopping);
    clearTimeout(announced);
    calm();
    redrawn.disconnect();
    ended.disconnect();
    skip.remove();
    resized.disconnect();
    listeners.forEach(([name, listener]) => document.removeEventListener(name, listener));
    document.removeEventListener("scroll", onScroll, true);
    document.removeEventListener("focusin", onFocus);
    document.removeEventListener("wheel", onWheel);
    document.fonts.removeEventListener("loadingdone", update);
  };
  return parentElement.stop;
}
