// Weighs anew, without a page, what `speedscore.report.views.weighing` gives: {script, data, choices} on the standard
// input, an answer for each choice of weights on the standard output.

const { script, data, choices } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const names = "decimals, speedScore, scoreInterval, orderOf, flipsOf, readWeight, exactSum, inUnits";
const own = new Function(`${script}; return { ${names} };`)();

const answers = choices.map((weights) => {
  const order = own.orderOf(data, weights);
  return {
    cards: data.frameworks.map((framework) => {
      const score = own.speedScore(framework, weights);
      const sure = own.scoreInterval(framework, weights, data.step);
      return {
        score: score === null ? null : own.decimals(score, 2),
        low: own.decimals(sure.low, 1),
        high: own.decimals(sure.high, 1),
        bounds: sure.bounds,
      };
    }),
    order: order && {
      ranking: order.ranking.map((place) => data.frameworks[place].id),
      scores: order.scores.map((score) => own.decimals(score, 2)),
      questions: order.questions,
    },
    flips: data.dimensions.map((_, place) => {
      const { below, above } = own.flipsOf(data, weights, place);
      const plain = (flip) => flip && { weight: flip.weight, ranking: flip.order && flip.order.ranking.map((each) => data.frameworks[each].id) };
      return { below: plain(below), above: plain(above) };
    }),
  };
});
process.stdout.write(JSON.stringify(answers));
