/** The switches of Jackson's JSON parser that `featureSpec` may set, and what each allows here. */

export type JsonFeatures = {
  /** `// to the end of the line` and `/* between *\/`. */
  readonly comments: boolean;
  /** `# to the end of the line`. */
  readonly hashComments: boolean;
  readonly singleQuotes: boolean;
  readonly unquotedNames: boolean;
  /** Control characters within quotes. */
  readonly controlCharacters: boolean;
  /** `\x` is x, for any x that is no escape of JSON. */
  readonly anyEscape: boolean;
  readonly leadingZeros: boolean;
  readonly leadingPlus: boolean;
  readonly leadingPoint: boolean;
  readonly trailingPoint: boolean;
  /** NaN, Infinity, -Infinity, +Infinity, -INF, +INF. */
  readonly nonNumbers: boolean;
  /** Between two commas, or a comma and a bracket, there is null. */
  readonly missingValues: boolean;
  readonly trailingComma: boolean;
  /** A name twice in one object makes the text broken. */
  readonly noDuplicates: boolean;
};

const named = {
  ALLOW_COMMENTS: 'comments',
  ALLOW_YAML_COMMENTS: 'hashComments',
  ALLOW_SINGLE_QUOTES: 'singleQuotes',
  ALLOW_UNQUOTED_FIELD_NAMES: 'unquotedNames',
  ALLOW_UNQUOTED_CONTROL_CHARS: 'controlCharacters',
  ALLOW_BACKSLASH_ESCAPING_ANY_CHARACTER: 'anyEscape',
  ALLOW_NUMERIC_LEADING_ZEROS: 'leadingZeros',
  ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS: 'leadingPlus',
  ALLOW_LEADING_DECIMAL_POINT_FOR_NUMBERS: 'leadingPoint',
  ALLOW_TRAILING_DECIMAL_POINT_FOR_NUMBERS: 'trailingPoint',
  ALLOW_NON_NUMERIC_NUMBERS: 'nonNumbers',
  ALLOW_MISSING_VALUES: 'missingValues',
  ALLOW_TRAILING_COMMA: 'trailingComma',
  STRICT_DUPLICATE_DETECTION: 'noDuplicates',
} as const satisfies Record<string, keyof JsonFeatures>;

export const strictJson: JsonFeatures = {
  comments: false,
  hashComments: false,
  singleQuotes: false,
  unquotedNames: false,
  controlCharacters: false,
  anyEscape: false,
  leadingZeros: false,
  leadingPlus: false,
  leadingPoint: false,
  trailingPoint: false,
  nonNumbers: false,
  missingValues: false,
  trailingComma: false,
  noDuplicates: false,
};

/** Names without an entry above change nothing about what is read; others were refused with the spec. */
export function jsonFeatures(spec: Readonly<Record<string, boolean>>): JsonFeatures {
  const set = Object.entries(named).map(([name, feature]) => [feature, spec[name] === true] as const);
  return { ...strictJson, ...Object.fromEntries(set) };
}
