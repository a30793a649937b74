// The sliders: dimensions weighed anew, to the digit that `speedscore card --weights …` prints. Python adds with
// math.fsum, which is exact before it rounds, and writes decimals of the exact binary value, halves to even; so do these.

// A finite number as (whole number, power of two): x = whole · 2^power, without loss.
function exactly(x) {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, x);
  const high = bits.getUint32(0);
  const exponent = (high >>> 20) & 0x7ff;
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(bits.getUint32(4));
  const whole = exponent ? fraction | (1n << 52n) : fraction;
  return { whole: high >>> 31 ? -whole : whole, power: (exponent || 1) - 1075 };
}

// As math.fsum: the sum of all, rounded once. `Number` of a whole number rounds halves to even (ECMA-262, 𝔽).
function exactSum(values) {
  const parts = values.filter(Boolean).map(exactly);
  const least = Math.min(0, ...parts.map((part) => part.power));
  const whole = parts.reduce((sum, part) => sum + (part.whole << BigInt(part.power - least)), 0n);
  return Number(whole) * 2 ** least;
}

// `x` in units of 10^-digits, as a whole number, halves to even: as Python's round and its formats.
function inUnits(x, digits) {
  const { whole, power } = exactly(x);
  const scaled = whole * 10n ** BigInt(digits);
  if (power >= 0) return scaled << BigInt(power);
  const unit = 1n << BigInt(-power);
  const size = scaled < 0n ? -scaled : scaled;
  let quotient = size / unit;
  const twice = 2n * (size % unit);
  if (twice > unit || (twice === unit && quotient % 2n === 1n)) quotient += 1n;
  return scaled < 0n ? -quotient : quotient;
}

// As Python's f"{x:.2f}" of a number from 0 on.
function decimals(x, digits) {
  const text = String(inUnits(x, digits)).padStart(digits + 1, "0");
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

// The Speed Score of one framework; null where a dimension that weighs has no score.
function speedScore({ scores }, weights) {
  if (scores.some((score, place) => weights[place] && score === null)) return null;
  return exactSum(scores.map((score, place) => (weights[place] ? weights[place] * score : 0))) / exactSum(weights);
}

// As numpy.percentile by Hazen's places, of some hundred sorted values.
function percentile(sorted, share) {
  const place = sorted.length * share - 0.5;
  const before = Math.floor(place);
  const [low, high, t] = [sorted[before], sorted[before + 1], place - before];
  return t >= 0.5 ? high - (high - low) * (1 - t) : low + (high - low) * t;
}

// The interval of a framework's Speed Score, as `speedscore.scoring.scores.uncertainty` has it.
function scoreInterval({ lows, highs, bounds }, weights, step) {
  const whole = exactSum(weights);
  const total = (draws) =>
    draws[0].map((_, draw) => draws.reduce((sum, own, place) => sum + weights[place] * (own[draw] * step), 0) / whole);
  const [low, high] = [total(lows), total(highs.map((own, place) => own ?? lows[place]))];
  const sorted = (draws) => Float64Array.from(draws.slice(1)).sort();
  return {
    low: Math.min(low[0], percentile(sorted(low), 0.025)),
    high: Math.max(high[0], percentile(sorted(high), 0.975)),
    bounds: bounds.some((each, place) => each && weights[place]),
  };
}

// The set that is ranked under these weights: of the largest that can be, the one with most weight in common.
function rankedSet(data, weights) {
  const support = weights.reduce((sum, weight, place) => sum + (weight ? 2 ** place : 0), 0);
  const common = (set) =>
    inUnits(exactSum(set.common.map((own, place) => (weights[place] * own) / data.dimensions[place].asked)), 9);
  const sets = (data.supports[support] ?? []).map((place) => data.sets[place]);
  return sets.reduce((best, set) => (best && common(best) >= common(set) ? best : set), null);
}

// Places of the frameworks, the best first, and their scores on the questions that all of them answer; null for none.
// Scores that differ by less than 1e-9 are equal, and of equals the first by name is first, as a set is sorted.
function orderOf(data, weights) {
  const set = rankedSet(data, weights);
  if (!set) return null;
  const scored = set.frameworks.map((framework, place) => {
    const score = speedScore({ scores: set.scores[place] }, weights);
    return { framework, score, key: inUnits(score, 9) };
  });
  scored.sort((a, b) => (a.key === b.key ? 0 : a.key < b.key ? 1 : -1));
  return { ranking: scored.map((each) => each.framework), scores: scored.map((each) => each.score), questions: set.questions };
}

// The nearest weights of one dimension, below and above, at which the order is another, the others staying as they are.
// Between two weights at which two scores, or two sets, are level, the order is the same; so one look at each suffices.
function flipsOf(data, weights, dimension) {
  const withWeight = (weight) => weights.map((own, place) => (place === dimension ? weight : own));
  const orderAt = (weight) => orderOf(data, withWeight(weight));
  const ranking = (order) => String(order?.ranking ?? "");
  const now = ranking(orderOf(data, weights));
  const { most } = data;
  const level = (one, other) => {
    const apart = one.map((own, place) => (own ?? 0) - (other[place] ?? 0));
    const others = exactSum(apart.map((own, place) => (place === dimension ? 0 : weights[place] * own)));
    return apart[dimension] ? -others / apart[dimension] : -1;
  };
  const pairs = (rows) => rows.flatMap((one, place) => rows.slice(0, place).map((other) => level(one, other)));
  const shares = data.sets.map((set) => set.common.map((own, place) => own / data.dimensions[place].asked));
  const places = [...data.sets.flatMap((set) => pairs(set.scores)), ...pairs(shares)];
  const edges = [...new Set([0, ...places.filter((at) => at > 0 && at < most), most])].sort((a, b) => a - b);
  const found = { below: null, above: null };
  const others = weights.some((weight, place) => weight && place !== dimension);
  for (let place = 0; place + 1 < edges.length; place += 1) {
    const [from, to] = [edges[place], edges[place + 1]];
    const order = orderAt(from + (to - from) / 2);
    if (ranking(order) === now) continue;
    if (to <= weights[dimension]) found.below = { weight: to, order };
    else if (from >= weights[dimension]) found.above ??= { weight: from, order };
  }
  // Without a dimension others may be ranked than with however little of it.
  if (!found.below && weights[dimension] && others) {
    const order = orderAt(0);
    if (ranking(order) !== now) found.below = { weight: 0, order };
  }
  return found;
}

// A weight as it may stand in the address: 0 or a number within the rubric's limits; null for anything else.
function readWeight(text, { least, most }) {
  const weight = /^\d+(\.\d+)?(e-?\d+)?$/.test(text) ? Number(text) : NaN;
  return weight === 0 || (weight >= least && weight <= most) ? weight : null;
}

function asRubric(data) {
  return data.dimensions.map((dimension) => dimension.weight);
}

// The weights of the address; the rubric's where it names none, or where all would be zero.
function chosenWeights(data) {
  const rubric = asRubric(data);
  const chosen = data.dimensions.map(({ id }, place) => readWeight(stateOf(`w.${id}`), data) ?? rubric[place]);
  return chosen.some(Boolean) ? chosen : rubric;
}

function keepWeights(data, weights) {
  const changed = data.dimensions.map(({ id, weight }, place) => [`w.${id}`, weights[place] === weight ? "" : String(weights[place])]);
  changeState(Object.fromEntries(changed));
}

const weighed = [];

function makeWeights() {
  for (const room of document.querySelectorAll("[data-weights]")) {
    const data = JSON.parse(document.querySelector(`script[data-for="${room.dataset.weights}"]`).textContent);
    weighed.push(sliders(room, data));
  }
}

function showWeights() {
  for (const { show, data } of weighed) show(chosenWeights(data));
}

const furthest = 5;

function sliders(room, data) {
  const fields = data.dimensions.map((dimension, place) => {
    const id = `weight-${place}`;
    const input = make("input", {
      type: "range", id, min: "0", max: String(Math.max(furthest, Math.ceil(dimension.weight))), step: "0.1",
      "aria-describedby": `${id}-flip`,
    });
    const output = make("output", { for: id });
    const flip = make("small", { id: `${id}-flip` });
    return { row: make("div", { class: "slider" }, make("label", { for: id }, dimension.title), input, output, flip), input, output, flip };
  });
  const reset = make("button", { type: "button" }, `Back to ${data.called}`);
  const order = make("p", { role: "status" });
  const scores = make("div");
  const command = make("p", { class: "note" });
  room.append(make("fieldset", {}, make("legend", {}, "Weight of each dimension in the Speed Score"), ...fields.map((each) => each.row)), reset, order, scores, command);
  const given = () => fields.map(({ input }, place) => (input.dataset.kept ? Number(input.dataset.kept) : Number(input.value)));
  const show = (weights) => showWeighed({ data, fields, reset, order, scores, command }, weights);
  fields.forEach(({ input }, place) => {
    // An address may say more digits than the slider has; they hold until it is moved.
    input.addEventListener("input", () => {
      delete input.dataset.kept;
      const weights = given();
      if (!weights.some(Boolean)) {
        input.value = input.step;
        weights[place] = Number(input.value);
      }
      show(weights);
    });
    input.addEventListener("change", () => keepWeights(data, given()));
  });
  reset.addEventListener("click", () => keepWeights(data, asRubric(data)));
  return { data, show };
}

function showWeighed({ data, fields, reset, order, scores, command }, weights) {
  const now = orderOf(data, weights);
  fields.forEach(({ input, output, flip }, place) => {
    const text = String(weights[place]);
    input.value = text;
    if (input.value === text) delete input.dataset.kept;
    else input.dataset.kept = text;
    input.setAttribute("aria-valuetext", text);
    output.textContent = text;
    flip.textContent = flipSentence(data, flipsOf(data, weights, place), now);
  });
  const rubric = asRubric(data);
  const changed = weights.some((weight, place) => weight !== rubric[place]);
  reset.disabled = !changed;
  scores.replaceChildren(scoresTable(data, weights, now));
  const sentence = orderSentence(data, now, orderOf(data, rubric), changed);
  if (order.textContent !== sentence) order.textContent = sentence;
  command.textContent = changed && data.command
    ? `The same in a terminal: ${data.command} ${data.dimensions.map(({ id }, place) => `${id}=${weights[place]}`).join(",")}`
    : "";
}

function namesOf(data, order) {
  return order.ranking.map((place) => data.frameworks[place].name).join(", ");
}

function orderSentence(data, now, before, changed) {
  if (!now) return "There is no order: no two have enough answers in common.";
  const scored = now.ranking.map((place, index) => `${data.frameworks[place].name} ${decimals(now.scores[index], 2)}`).join(", ");
  const on = `Order on the ${now.questions} questions that all answer by one method: ${scored}.`;
  if (!changed) return `${on} These are ${data.called}.`;
  if (before && String(before.ranking) === String(now.ranking)) return `${on} By ${data.called} it is the same.`;
  return `${on} The order has changed: by ${data.called} ${before ? `it is ${namesOf(data, before)}` : "there is none"}.`;
}

function flipSentence(data, { below, above }, now) {
  const part = (flip, side) => `${side} ${Number(flip.weight.toPrecision(3))}: ${flip.order ? namesOf(data, flip.order) : "no order"}`;
  const parts = [below && (below.weight ? part(below, "below") : part(below, "at")), above && part(above, "above")].filter(Boolean);
  if (!parts.length) return `No weight of it ${now ? "changes the order" : "makes an order"}`;
  return `${now ? "Another order" : "An order"} ${parts.join("; ")}`;
}

function scoresTable(data, weights, order) {
  const rows = data.frameworks.map((framework, place) => {
    const score = speedScore(framework, weights);
    const sure = scoreInterval(framework, weights, data.step);
    const range = `${decimals(sure.low, 1)} to ${decimals(sure.high, 1)}`;
    const index = order ? order.ranking.indexOf(place) : -1;
    const without = framework.scores.flatMap((own, at) => (own === null && weights[at] ? [data.dimensions[at].title] : []));
    return [
      framework.name,
      score === null ? range : decimals(score, 2),
      score === null ? `no score for ${without.join(", ")}` : `${sure.bounds ? "bounds" : "95 %:"} ${range}`,
      index < 0 ? "no place" : `${index + 1}`,
    ];
  });
  return plainTable(["Framework", "Speed Score", "How sure", "Place in the order"], rows, "Speed Scores by these weights");
}
