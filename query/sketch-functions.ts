/**
 * The functions of sketches that our SQL calls: DuckDB has none that reads ours, so they run in JavaScript, a few thousand rows a
 * call, in the query process alone. They take values and give values; nothing else of the process can be reached through them.
 *
 * A null argument gives null; nulls in a list are left out. Bytes that are no sketch end the query with a message that says so.
 */
import {
  BIGINT,
  BLOB,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBListValue,
  DuckDBScalarFunction,
  LIST,
  VARCHAR,
  blobValue,
  listValue,
} from '@duckdb/node-api';
import type { DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { couponOfDouble, couponOfLong, couponOfText, HllSketch } from '../domain/sketches/hll.ts';
import { QuantilesSketch } from '../domain/sketches/quantiles.ts';

type SketchFunction = {
  readonly name: string;
  readonly parameters: readonly DuckDBType[];
  readonly result: DuckDBType;
  readonly body: (args: readonly NonNullable<DuckDBValue>[]) => DuckDBValue;
};

const functions: readonly SketchFunction[] = [
  {
    name: 'headgate_hll_union',
    parameters: [LIST(BLOB), BIGINT],
    result: BLOB,
    body: ([list, lgK]) => {
      const sketches = itemsOf(list).map(hllOf);
      return sketches.length === 0 ? null : blobValue(HllSketch.union(sketches, Number(lgK)).toBytes());
    },
  },
  {
    name: 'headgate_hll_estimate',
    parameters: [BLOB],
    result: DOUBLE,
    body: ([sketch]) => hllOf(sketch).estimate(),
  },
  hllOfValues('headgate_hll_of_texts', VARCHAR, (value) =>
    value === '' ? null : couponOfText(value as string),
  ),
  hllOfValues('headgate_hll_of_longs', BIGINT, (value) => couponOfLong(value as bigint)),
  hllOfValues('headgate_hll_of_doubles', DOUBLE, (value) => couponOfDouble(value as number)),
  {
    name: 'headgate_quantiles_union',
    parameters: [LIST(BLOB), BIGINT],
    result: BLOB,
    body: ([list, k]) => {
      const sketches = itemsOf(list).map(quantilesOf);
      return sketches.length === 0 ? null : blobValue(QuantilesSketch.union(sketches, Number(k)).toBytes());
    },
  },
  {
    name: 'headgate_quantiles_of',
    parameters: [LIST(DOUBLE), BIGINT],
    result: BLOB,
    body: ([list, k]) => {
      const sketch = new QuantilesSketch(Number(k));
      for (const value of itemsOf(list)) sketch.addValue(value as number);
      return blobValue(sketch.toBytes());
    },
  },
  {
    name: 'headgate_quantiles',
    parameters: [BLOB, LIST(DOUBLE)],
    result: LIST(DOUBLE),
    body: ([sketch, shares]) => listValue(quantilesOf(sketch).quantiles(itemsOf(shares).map(Number))),
  },
  {
    name: 'headgate_rank',
    parameters: [BLOB, DOUBLE],
    result: DOUBLE,
    body: ([sketch, value]) => quantilesOf(sketch).rank(Number(value)),
  },
];

export const sketchFunctionNames: readonly string[] = functions.map(({ name }) => name);

/** Once per instance, before it is locked. */
export function addSketchFunctions(connection: DuckDBConnection): void {
  for (const { name, parameters, result, body } of functions) {
    const made = DuckDBScalarFunction.create({
      name,
      parameterTypes: parameters,
      returnType: result,
      mainFunction: (_info, input, output) => {
        const columns = parameters.map((_, at) => input.getColumnVector(at));
        for (let row = 0; row < input.rowCount; row++) {
          const args = columns.map((column) => column.getItem(row));
          output.setItem(row, isComplete(args) ? body(args) : null);
        }
        output.flush();
      },
    });
    connection.registerScalarFunction(made);
    made.destroySync();
  }
}

function isComplete(args: readonly DuckDBValue[]): args is readonly NonNullable<DuckDBValue>[] {
  return args.every((arg) => arg !== null);
}

function hllOfValues(
  name: string,
  type: DuckDBType,
  couponOf: (value: DuckDBValue) => number | null,
): SketchFunction {
  return {
    name,
    parameters: [LIST(type), BIGINT],
    result: BLOB,
    body: ([list, lgK]) => {
      const sketch = new HllSketch(Number(lgK));
      for (const value of itemsOf(list)) {
        const coupon = couponOf(value);
        if (coupon !== null) sketch.addCoupon(coupon);
      }
      return blobValue(sketch.toBytes());
    },
  };
}

function itemsOf(list: DuckDBValue | undefined): readonly NonNullable<DuckDBValue>[] {
  return list instanceof DuckDBListValue ? list.items.filter((item) => item !== null) : [];
}

function hllOf(value: DuckDBValue | undefined): HllSketch {
  return HllSketch.fromBytes(bytesOf(value));
}

function quantilesOf(value: DuckDBValue | undefined): QuantilesSketch {
  return QuantilesSketch.fromBytes(bytesOf(value));
}

function bytesOf(value: DuckDBValue | undefined): Uint8Array {
  return value instanceof DuckDBBlobValue ? value.bytes : new Uint8Array();
}
