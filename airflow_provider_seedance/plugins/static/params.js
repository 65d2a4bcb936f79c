// From a DAG's params to a form, and back to a run's conf. Pure.

/** The names of a request that a param may have. */
const REQUEST = ["prompt", "model", "duration", "resolution", "ratio", "seed", "generate_audio", "watermark", "camera_fixed",
  "task", "draft", "draft_id", "output_format", "first_frame", "last_frame", "reference_images", "reference_videos", "reference_audios"];

/** Media references are known without their signatures, so they can't be asked for again. */
const WITHOUT_SIGNATURE = new Set(["first_frame", "last_frame", "reference_images", "reference_videos", "reference_audios"]);

const typesOf = ({ schema, value }) => [schema.type ?? (value === null || value === undefined ? [] : jsonType(value))].flat();

const jsonType = (value) => (Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : typeof value);

/** A conf's value as text for a field. */
const textOf = (value) => (value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));

/**
 * The fields of the form: none, unless a param has the name of something that a request asks for.
 *
 * @param params the DAG's params by name
 * @param request what was asked for
 * @param conf the run's own; it counts where it says something, as there addresses are whole
 * @returns fields in the DAG's order: name, kind, value as text, description, options, whether it may be empty
 */
export function fieldsOf(params, request, conf) {
  const names = Object.keys(params);
  if (!names.some((name) => REQUEST.includes(name) && name in request)) return [];
  return names.map((name) => {
    const param = params[name];
    const known = name in conf ? conf[name] : WITHOUT_SIGNATURE.has(name) ? param.value : request[name] ?? param.value;
    const types = typesOf(param);
    const options = (param.schema.enum ?? []).filter((each) => each !== null).map(textOf);
    if (options.length && !options.includes(textOf(known))) options.unshift(textOf(known));
    return { name, types, options, kind: kindOf(name, types, options), value: textOf(known), description: param.description };
  });
}

function kindOf(name, types, options) {
  if (options.length) return "choice";
  const some = types.filter((type) => type !== "null");
  if (some.includes("boolean")) return "flag";
  if (some.length > 0 && some.every((type) => type === "integer" || type === "number")) return "number";
  if (some.some((type) => type === "array" || type === "object")) return "json";
  return name === "prompt" ? "text" : "line";
}

/** The conf of the run from what stands in the fields, and what is wrong with it. */
export function confFrom(filled) {
  const conf = {};
  const problems = [];
  for (const [field, value] of filled) {
    const { name, types, kind } = field;
    if (typeof value === "boolean") conf[name] = value;
    else if (value === "" && types.includes("null")) conf[name] = null;
    else if (value === "" && !types.includes("string")) continue; // the param's default
    else if (kind === "json" || !types.includes("string")) readInto(conf, problems, name, value, types);
    else conf[name] = value;
  }
  return { conf, problems };
}

function readInto(conf, problems, name, value, types) {
  try {
    const found = JSON.parse(value);
    const isNumber = types.some((type) => type === "integer" || type === "number");
    if (isNumber && typeof found !== "number") throw new TypeError();
    conf[name] = found;
  } catch {
    // Of a param that says nothing of its type, anything is a text.
    if (types.length) problems.push(`${name} can't be read as ${types.join(" or ")}.`);
    else conf[name] = value;
  }
}
