"use strict";
(() => {
	const every = 2000, patience = 10000; // ms
	const $ = (id) => document.getElementById(id);
	const form = $("filter"), pause = $("pause"), trouble = $("trouble");
	const store = "grpc-lb paused " + location.pathname;
	let paused = false, timer, typing, latest = 0;
	if (!form) return; // the request was refused, and stays so

	try { paused = sessionStorage.getItem(store) === "1"; } catch { /* not allowed */ }

	// morph makes the element like the other one and keeps what is alike, so that
	// focus, selection, scroll and what is open stay. Children with an id move.
	function morph(el, want) {
		if (el.nodeType !== Node.ELEMENT_NODE) {
			if (el.data !== want.data) el.data = want.data;
			return;
		}
		for (const { name } of [...el.attributes]) {
			if (name !== "open" && !want.hasAttribute(name)) el.removeAttribute(name);
		}
		for (const { name, value } of want.attributes) {
			if (el.getAttribute(name) !== value) el.setAttribute(name, value);
		}
		let at = el.firstChild;
		for (const child of [...want.childNodes]) {
			const had = child.id ? $(child.id) : at;
			if (!had || had.parentNode !== el || had.nodeName !== child.nodeName || (had.id || "") !== (child.id || "")) {
				el.insertBefore(child, at);
				continue;
			}
			if (had === at) at = at.nextSibling;
			else el.insertBefore(had, at);
			morph(had, child);
		}
		while (at) {
			const next = at.nextSibling;
			at.remove();
			at = next;
		}
	}

	function show(doc) {
		const focused = document.activeElement;
		for (const el of document.querySelectorAll("[data-live]")) morph(el, doc.getElementById(el.id));
		document.body.classList.toggle("empty", doc.body.classList.contains("empty"));
		document.title = doc.title;
		// What was moved has lost the focus.
		if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
	}

	function say(text) {
		trouble.hidden = !text;
		if (trouble.textContent !== text) trouble.textContent = text;
	}

	async function refresh() {
		clearTimeout(timer);
		const mine = ++latest;
		let problem = "";
		try {
			const url = location.origin + location.pathname + location.search;
			const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(patience) });
			const doc = new DOMParser().parseFromString(await answer.text(), "text/html");
			if (mine !== latest) return; // a later request says more
			if (answer.ok && doc.getElementById("list")) show(doc);
			else problem = doc.getElementById("problem")?.textContent || "HTTP " + answer.status;
		} catch (e) {
			problem = e.message;
		}
		if (mine !== latest) return;
		say(problem && "Not refreshed since " + ($("at")?.textContent || "the start") + " UTC: " + problem);
		plan();
	}

	function plan() {
		clearTimeout(timer);
		if (!paused && !document.hidden) timer = setTimeout(refresh, every);
	}

	function apply() {
		clearTimeout(typing);
		const wanted = new URLSearchParams(new FormData(form));
		for (const [name, value] of [...wanted]) if (!value) wanted.delete(name);
		history.replaceState(null, "", "?" + wanted + location.hash);
		refresh();
	}

	form.addEventListener("input", (e) => {
		clearTimeout(typing);
		typing = setTimeout(apply, e.target.id === "q" ? 250 : 0);
	});
	form.addEventListener("submit", (e) => {
		e.preventDefault();
		apply();
	});
	pause.addEventListener("click", () => {
		paused = !paused;
		try { sessionStorage.setItem(store, paused ? "1" : "0"); } catch { /* not allowed */ }
		label();
		if (!paused) refresh();
		else plan();
	});
	document.addEventListener("visibilitychange", () => {
		if (document.hidden || paused) plan();
		else refresh();
	});

	function label() { pause.textContent = paused ? "Resume" : "Pause"; }

	pause.hidden = false;
	$("apply").hidden = true;
	label();
	plan();
})();
