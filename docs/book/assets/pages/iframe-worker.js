// Opened from a folder, without a server, a browser starts no worker, and the search of this site is one.
// An invisible frame that runs the same script takes its place: messages go to and fro as they would.
(() => {
  if (location.protocol !== "file:") return;

  const inside = `
    window.postMessage = (data) => parent.dispatchEvent(new MessageEvent("from-frame", { data, source: window }));
    window.importScripts = (...urls) => urls.reduce((before, url) => before.then(() => new Promise((done, failed) => {
      const script = document.createElement("script");
      Object.assign(script, { src: url, onload: done, onerror: failed });
      document.body.appendChild(script);
    })), Promise.resolve());`;

  window.Worker = window.IFrameWorker = class IFrameWorker extends EventTarget {
    constructor(url) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.appendChild(this.frame);
      window.addEventListener("from-frame", (event) => {
        if (event.source === this.frame.contentWindow) this.dispatchEvent(new MessageEvent("message", { data: event.data }));
      });
      this.ready = new Promise((done) => { this.frame.onload = done; });
      const page = this.frame.contentDocument;
      page.open();
      page.write(`<html><body><script>${inside}<\/script><script src="${url}"><\/script></body></html>`);
      page.close();
    }

    postMessage(data) {
      const frame = this.frame.contentWindow;
      this.ready.then(() => frame.dispatchEvent(new frame.MessageEvent("message", { data })));
    }

    terminate() {
      this.frame.remove();
    }
  };
})();
