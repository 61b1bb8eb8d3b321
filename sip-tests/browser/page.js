// A softphone for the behaviours: registers, calls or is called, and tells how long it heard a tone in one piece.
const JsSIP = require("jssip");

const STEP_MS = 20;
const FFT = 8192; // 5.9 Hz a bin at 48 kHz, over 171 ms
const FLOOR_DB = -60;

const report = (what, detail) => window.told(what, detail === undefined ? "" : String(detail));

/** Follows the strongest frequency of a stream; calls back with the longest run of `hertz` so far, in ms. */
async function listen(stream, hertz, onHeard) {
  const sound = document.createElement("audio"); // without it Chromium does not decode what WebRTC receives
  sound.srcObject = stream;
  sound.muted = true;
  await sound.play();
  const context = new AudioContext();
  await context.resume();
  const analyser = context.createAnalyser();
  analyser.fftSize = FFT;
  analyser.smoothingTimeConstant = 0;
  context.createMediaStreamSource(stream).connect(analyser);
  const bins = new Float32Array(analyser.frequencyBinCount);
  let began = 0;
  setInterval(() => {
    analyser.getFloatFrequencyData(bins);
    let best = 0;
    for (let i = 1; i < bins.length; i++) if (bins[i] > bins[best]) best = i;
    const found = (best * context.sampleRate) / FFT;
    const now = performance.now();
    if (bins[best] < FLOOR_DB || Math.abs(found - hertz) > 12) began = 0;
    else {
      began = began || now;
      onHeard(now - began);
    }
  }, STEP_MS);
}

function follow(session, wanted) {
  let longest = 0;
  const connection = session.connection;
  connection.addEventListener("track", (event) => {
    if (wanted.hear) {
      listen(event.streams[0] || new MediaStream([event.track]), wanted.hear, (ms) => {
        if (ms > longest + 100 || (ms > longest && ms >= wanted.for_ms && longest < wanted.for_ms)) {
          longest = ms;
          report("heard", Math.round(ms));
        }
      });
    }
  });
  connection.addEventListener("connectionstatechange", () => {
    report("connection", connection.connectionState);
    // Before the keys are there Chromium takes no digits.
    if (connection.connectionState === "connected" && wanted.digits) {
      session.sendDTMF(wanted.digits, { transportType: "RFC2833", duration: 120, interToneGap: 120 });
    }
  });
}

/** Holds the first call, calls `wanted.consult`, and joins the two after a second (REFER with Replaces). */
function consult(ua, first, wanted, media) {
  first.hold() || report("failed", "hold");
  const target = `sip:${wanted.consult}@${wanted.domain}`;
  const second = ua.call(target, media);
  second.on("confirmed", () => {
    report("consulted");
    setTimeout(() => {
      first.refer(target, {
        replaces: second,
        eventHandlers: {
          requestSucceeded: () => report("referred"),
          requestFailed: (event) => report("failed", `REFER: ${event.cause}`),
          accepted: () => report("transferred"),
          failed: (event) => report("failed", `transfer: ${event.status_line.status_code}`),
        },
      });
    }, 1000);
  });
}

window.start = (wanted) => {
  const ua = new JsSIP.UA({
    sockets: [new JsSIP.WebSocketInterface(wanted.url)],
    uri: wanted.uri,
    password: wanted.password,
    register_expires: 60,
  });
  window.ua = ua;
  const media = {
    mediaConstraints: { audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false }, video: false },
    pcConfig: { iceServers: [], rtcpMuxPolicy: "require" },
  };
  ua.on("connected", () => report("connected"));
  ua.on("disconnected", () => report("disconnected"));
  ua.on("registrationFailed", (event) => report("failed", `registration: ${event.cause}`));
  ua.on("registered", () => {
    if (window.registered) return;
    window.registered = true;
    report("registered");
    if (wanted.call) ua.call(`sip:${wanted.call}@${wanted.domain}`, media);
  });
  ua.on("newRTCSession", ({ session, originator }) => {
    const consulting = Boolean(window.session);
    window.session = session;
    session.on("accepted", () => report("accepted"));
    session.on("confirmed", () => {
      if (consulting) return;
      report("confirmed");
      if (wanted.consult) setTimeout(() => consult(ua, session, wanted, media), 1000);
      if (wanted.hold_ms) {
        setTimeout(() => session.hold() || report("failed", "hold"), wanted.hold_after_ms);
        setTimeout(() => session.unhold() || report("failed", "unhold"), wanted.hold_after_ms + wanted.hold_ms);
      }
    });
    session.on("failed", (event) => report("failed", `call: ${event.cause}`));
    session.on("ended", (event) => report(consulting ? "consultation-ended" : "ended", `${event.originator} ${event.cause}`));
    session.on("getusermediafailed", (error) => report("failed", `microphone: ${error}`));
    session.on("peerconnection:setremotedescriptionfailed", (error) => report("failed", `remote SDP: ${error}`));
    if (originator === "remote") {
      session.on("peerconnection", () => follow(session, wanted));
      session.answer(media);
    } else follow(session, wanted);
  });
  ua.start();
};
