// One guided walk: why one weight moved, in five clicks, in the letters of whichever notation is shown.

// From the weight of the first unit from the second input to the weight after the step; the texts have places for symbols.
export const walk = (session) => {
  const { L, sizes } = session, j = Math.min(2, sizes[0]), weight = `W1.1.${j}`;
  const found = [
    [`Z1.1`, `Forward. @${weight}@ multiplies @A0.${j}@ and adds to @Z1.1@.`],
    ["ell", `The output @A${L}.1@ should be @Y${L}.1@. How far off it is, is the loss @ell@.`],
    [`D${L}.1`, `Backward. @D${L}.1@ says how the loss changes with @Z${L}.1@.`],
    [`D1.1`, L > 1 ? `Passed back through the weights and the slope, it becomes @D1.1@ at the unit that @${weight}@ leads to.`
      : `It is @D1.1@ at the unit that @${weight}@ leads to.`],
    [`W+1.1.${j}`, `@D1.1@ times @A0.${j}@ is the gradient @dW1.1.${j}@; the step takes @alpha@ times that from @${weight}@, and it becomes @W+1.1.${j}@.`],
  ];
  return found.map(([name, text]) => ({ name, text }));
};
