// What others edit comes to this page while it is in sight.

const EVERY = 2000; // ms

export class News {
  constructor(version, told) {
    this.version = version;
    this.told = told;
    this.#soon();
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.#ask(); });
  }

  #soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#ask(), EVERY);
  }

  async #ask() {
    if (!document.hidden) {
      try {
        const response = await fetch(`/api/news?since=${this.version}`);
        if (response.ok) this.#take(await response.json());
      } catch {
        // the server is away: asked again
      }
    }
    this.#soon();
  }

  #take(said) {
    const fresh = said.version > this.version;
    this.version = said.version;
    if (fresh) this.told(said);
  }
}
