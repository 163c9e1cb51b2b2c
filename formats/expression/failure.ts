/** Values an expression cannot work with; the record is unparseable. */
export class ExpressionFailure extends Error {}
