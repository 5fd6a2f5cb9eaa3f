/* oxlint-disable */
// Reference matcher for the fixture format (see README.md). No dependencies.
// match(expected, actual, ctx) -> array of problems (empty = match).
export function match(exp, act, ctx = {}, at = '') {
  const bad = (m) => [`${at || '/'}: ${m}`];
  const vars = ctx.vars || {};
  const sub = (s) => s.replace(/\$\{([^}]+)\}/g, (m, k) => (k in vars ? vars[k] : m));
  if (typeof exp === 'string') return act === sub(exp) ? [] : bad(`want ${JSON.stringify(sub(exp))} got ${JSON.stringify(act)}`);
  if (exp === null || typeof exp !== 'object') return Object.is(exp, act) ? [] : bad(`want ${JSON.stringify(exp)} got ${JSON.stringify(act)}`);
  if (Array.isArray(exp)) {
    if (!Array.isArray(act)) return bad('want an array');
    if (exp.length !== act.length) return bad(`want ${exp.length} items got ${act.length}`);
    return exp.flatMap((e, i) => match(e, act[i], ctx, `${at}/${i}`));
  }
  const out = [];
  const ops = Object.keys(exp).filter((k) => k.startsWith('$'));
  const has = (k) => ops.includes(k);
  if (has('$absent')) return act === undefined ? [] : bad(`want absent got ${JSON.stringify(act)}`);
  if (act === undefined) return bad('missing');
  if (has('$any')) return [];
  if (has('$uuid')) return /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(act) ? [] : bad(`want a uuid got ${JSON.stringify(act)}`);
  if (has('$re')) return typeof act === 'string' && new RegExp(exp.$re, 'm').test(act) ? [] : bad(`want /${exp.$re}/ got ${JSON.stringify(act)}`);
  if (has('$sameAs')) {
    const v = exp.$sameAs.split('/').slice(1).reduce((o, k) => o?.[k], ctx.root);
    return v === act ? [] : bad(`want same value as ${exp.$sameAs}`);
  }
  if (has('$json')) { let v; try { v = JSON.parse(act); } catch { return bad('want JSON text'); } return match(exp.$json, v, ctx, at); }
  if (has('$exact')) return exact(exp.$exact, act, ctx, at);
  if (has('$ci')) return match(exp.$ci, lower(act), ctx, at);
  if (has('$type')) {
    const t = exp.$type, ok = t === 'array' ? Array.isArray(act) : t === 'integer' ? Number.isInteger(act) : typeof act === t;
    if (!ok) return bad(`want ${t} got ${JSON.stringify(act)}`);
  }
  if (has('$min') && !(act >= exp.$min)) out.push(...bad(`want >= ${exp.$min}`));
  if (has('$length') && act.length !== exp.$length) out.push(...bad(`want length ${exp.$length} got ${act.length}`));
  if (has('$first')) out.push(...match(exp.$first, act[0], ctx, `${at}/0`));
  if (has('$keys')) {
    const a = Object.keys(act).sort().join(), b = [...exp.$keys].sort().join();
    if (a !== b) out.push(...bad(`want keys [${b}] got [${a}]`));
  }
  for (const k of Object.keys(exp)) if (!k.startsWith('$')) out.push(...match(exp[k], act?.[k], ctx, `${at}/${k}`));
  return out;
}
function exact(exp, act, ctx, at) {
  if (exp && typeof exp === 'object' && !Array.isArray(exp) && !Object.keys(exp).some((k) => k.startsWith('$'))) {
    if (act === null || typeof act !== 'object' || Array.isArray(act)) return [`${at}: want an object`];
    const extra = Object.keys(act).filter((k) => !(k in exp));
    return [...extra.map((k) => `${at}/${k}: unexpected key`), ...Object.keys(exp).flatMap((k) => exact(exp[k], act[k], ctx, `${at}/${k}`))];
  }
  if (Array.isArray(exp) && Array.isArray(act)) {
    if (exp.length !== act.length) return [`${at}: want ${exp.length} items got ${act.length}`];
    return exp.flatMap((e, i) => exact(e, act[i], ctx, `${at}/${i}`));
  }
  return match(exp, act, ctx, at);
}
function lower(o) { return Object.fromEntries(Object.entries(o || {}).map(([k, v]) => [k.toLowerCase(), v])); }

// {"$repeat": ["x", 3, ...]} in inputs stands for a string built from repeated parts.
export function expand(v) {
  if (Array.isArray(v)) return v.map(expand);
  if (v && typeof v === 'object') {
    if (v.$repeat) { let s = ''; for (let i = 0; i < v.$repeat.length; i += 2) s += String(v.$repeat[i]).repeat(v.$repeat[i + 1]); return s; }
    return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, expand(x)]));
  }
  return v;
}
