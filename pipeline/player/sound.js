// Both sides through Web Audio: they start at one sample and keep in step, and switching moves gains only.

const FADE = 0.004;
const FINE = 400;

class Sound {
  constructor(audio, onended) {
    this.windows = audio;
    this.onended = onended;
    this.buffers = new Map();
    this.fine = new Map();
    this.playing = null;
    this.side = "both";
  }

  /** The stretch with sound at a moment, or null. */
  at(ms) {
    return this.windows.find((each) => each.start <= ms && ms < each.end - 30) ?? null;
  }

  async decoded(window) {
    this.context ??= new AudioContext();
    if (!this.buffers.has(window)) {
      const found = await Promise.all(window.sides.map((text) => this.context.decodeAudioData(bytesOf(text).buffer)));
      this.buffers.set(window, found);
      this.fine.set(window, found.map(Sound.extremes));
    }
    return this.buffers.get(window);
  }

  /** Lowest and highest value of each 1/FINE s of a buffer. */
  static extremes(buffer) {
    const samples = buffer.getChannelData(0), step = buffer.sampleRate / FINE;
    const found = new Float32Array(2 * Math.ceil(samples.length / step));
    for (let at = 0; at < found.length / 2; at++) {
      let low = 1, high = -1;
      const end = Math.min(samples.length, Math.round((at + 1) * step));
      for (let i = Math.round(at * step); i < end; i++) {
        if (samples[i] < low) low = samples[i];
        if (samples[i] > high) high = samples[i];
      }
      found[2 * at] = low;
      found[2 * at + 1] = high;
    }
    return found;
  }

  async play(ms) {
    this.stop();
    const window = this.at(ms);
    if (!window) return false;
    const ticket = (this.ticket = {});
    const buffers = await this.decoded(window);
    await this.context.resume();
    if (this.ticket !== ticket) return false;
    const when = this.context.currentTime + 0.03, offset = (ms - window.start) / 1000;
    const chains = buffers.map((buffer) => this.chain(buffer));
    chains.forEach(({ source }) => source.start(when, offset));
    this.playing = { window, chains, when, from: ms };
    chains[0].source.onended = () => {
      if (this.playing && this.playing.chains === chains) {
        this.stop();
        this.onended(window.end);
      }
    };
    this.choose(this.side, true);
    return true;
  }

  chain(buffer) {
    const source = new AudioBufferSourceNode(this.context, { buffer });
    const gain = new GainNode(this.context, { gain: 0 });
    const pan = new StereoPannerNode(this.context);
    source.connect(gain).connect(pan).connect(this.context.destination);
    return { source, gain, pan };
  }

  /** `both`, a little to the left and to the right, or one side's number. */
  choose(side, now = false) {
    this.side = side;
    if (!this.playing) return;
    const at = this.context.currentTime;
    const count = this.playing.chains.length;
    this.playing.chains.forEach(({ gain, pan }, index) => {
      const loud = side === "both" || side === index ? 1 : 0;
      const place = side === "both" && count === 2 ? (index ? 0.6 : -0.6) : 0;
      if (now) gain.gain.setValueAtTime(loud, at); else gain.gain.setTargetAtTime(loud, at, FADE);
      pan.pan.setTargetAtTime(place, at, FADE);
    });
  }

  get now() {
    if (!this.playing) return null;
    const { when, from, window } = this.playing;
    return Math.min(window.end, from + 1000 * Math.max(0, this.context.currentTime - when));
  }

  stop() {
    const playing = this.playing;
    this.playing = null;
    this.ticket = null;
    playing?.chains.forEach(({ source, pan }) => {
      source.onended = null;
      source.stop();
      pan.disconnect();
    });
  }

  close() {
    this.stop();
    this.context?.close();
    this.context = null;
  }
}
