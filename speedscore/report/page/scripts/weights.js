// The sliders: dimensions weighed anew, as `speedscore.scoring` weighs them.

function makeWeights() {}
function showWeights() {}
