// Which tiles of a grid are chosen, by their place: some, or all but some.

export class Selection {
  constructor(changed) {
    this.changed = changed;
    this.places = new Set();
    this.all = false; // then `places` are those left out
    this.anchor = 0; // where a range begins
  }

  has(place) {
    return this.places.has(place) !== this.all;
  }

  count(total) {
    return this.all ? total - this.places.size : this.places.size;
  }

  toggle(place) {
    if (!this.places.delete(place)) this.places.add(place);
    this.anchor = place;
    this.changed();
  }

  // From the anchor to this place, both with it.
  reach(place) {
    if (this.all) this.clear();
    const [first, last] = [Math.min(this.anchor, place), Math.max(this.anchor, place)];
    this.places.clear();
    for (let one = first; one <= last; one++) this.places.add(one);
    this.changed();
  }

  everything() {
    this.places.clear();
    this.all = true;
    this.changed();
  }

  clear() {
    this.places.clear();
    this.all = false;
    this.changed();
  }
}
