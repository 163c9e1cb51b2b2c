/**
 * Hostile bodies, headers and ids for `POST /druid/v2/sql`: malformed, of wrong types, with keys twice or of the prototype, deep,
 * oversized, of other content types, and ids and zones that carry something else.
 */
export type HostileBody = {
  readonly name: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  /** What a refusal says, or the whole body of an answer. */
  readonly says: RegExp | string;
};

const one = '[{"a":1}]\n';

function refused(
  status: number,
  says: RegExp,
  bodies: readonly (readonly [name: string, body: string | Buffer])[],
): HostileBody[] {
  return bodies.map(([name, body]) => ({ name, body, status, says }));
}

const answered = (name: string, body: string, says = one): HostileBody => ({ name, body, status: 200, says });

const query = (more: string): string => `{"query":"select 1 as a"${more}}`;
const context = (inside: string): string => query(`,"context":{${inside}}`);

const malformed: readonly HostileBody[] = [
  ...refused(400, /body: found /, [
    ['nothing', ''],
    ['blanks', ' \t\r\n '],
    ['an open brace', '{'],
    ['a cut key', '{"query"'],
    ['a cut text', '{"query":"select 1'],
    ['a comma too many', '{"query":"select 1",}'],
    ['a comment', '{/* x */"query":"select 1"}'],
    ['single quotes', `{'query':'select 1'}`],
    ['no quotes', '{query:1}'],
    ['NaN', '{"query":NaN}'],
    ['a hexadecimal number', '{"query":0x10}'],
    ['two values', '{"query":"select 1"}{"query":"select 2"}'],
    ['a value and a letter', '{"query":"select 1"} x'],
    ['a NUL', '{"query":"select\u00001"}'],
    ['a line break in a text', '{"query":"select\n1"}'],
    ['a wrong escape', '{"query":"\\x41"}'],
    ['a form', 'query=select+1'],
    ['SQL', 'select 1'],
    ['XML', '<query>select 1</query>'],
    ['a byte order mark', Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d, 0x5b])],
    ['UTF-16', Buffer.from('{"query":"select 1"}', 'utf16le')],
    ['bytes that are no text', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
    ['a cut character', Buffer.from([0x22, 0xe2, 0x82, 0x22])],
    ['an overlong slash', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
    ['gzip', Buffer.from('1f8b0800000000000003ab562a2c4d2daa5456b20200', 'hex')],
    ['null', 'null'],
    ['a number', '17'],
    ['a text', '"select 1"'],
    ['true', 'true'],
    ['an empty array', '[]'],
    ['an array of queries', '[{"query":"select 1"},{"query":"select 2"}]'],
  ]),
  ...refused(400, /nested deeper than 64 levels/, [
    ['arrays 100,000 deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['arrays 100,000 deep, never closed', '['.repeat(100_000)],
    ['objects 40,000 deep', `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`],
    ['a deep context', context(`"x":${'['.repeat(65)}${']'.repeat(65)}`)],
    [
      'a deep parameter',
      query(`,"parameters":[{"type":"VARCHAR","value":${'['.repeat(100)}${']'.repeat(100)}}]`),
    ],
    ['a deep query', `{"query":${'{"query":'.repeat(100)}1${'}'.repeat(100)}}`],
  ]),
  ...refused(413, /too large/, [
    ['256 KiB and more', `{"query":"${'x'.repeat(262_200)}"}`],
    ['ten megabytes', `{"query":"select 1","x":"${'x'.repeat(10_000_000)}"}`],
    ['ten megabytes of brackets', '['.repeat(10_000_000)],
    ['ten megabytes of blanks', ' '.repeat(10_000_000)],
  ]),
];

const wrongTypes: readonly HostileBody[] = [
  ...refused(400, /query: found /, [
    ['no query', '{}'],
    ['a null query', '{"query":null}'],
    ['a number as query', '{"query":7}'],
    ['a boolean as query', '{"query":true}'],
    ['an array as query', '{"query":["select 1"]}'],
    ['an object as query', '{"query":{"sql":"select 1"}}'],
    ['a query under another name', '{"Query":"select 1","sql":"select 1"}'],
    ['a query of the prototype', '{"__proto__":{"query":"select 1"}}'],
    ['a query of the constructor', '{"constructor":{"prototype":{"query":"select 1"}}}'],
  ]),
  ...refused(400, /resultFormat: found /, [
    ['an unknown format', query(',"resultFormat":"xml"')],
    ['a format that is a path', query(',"resultFormat":"../../etc/passwd"')],
    ['a format of the prototype', query(',"resultFormat":"__proto__"')],
    ['a format that is a list', query(',"resultFormat":["csv"]')],
    ['a format that is a number', query(',"resultFormat":0')],
    ['a format that is an object', query(',"resultFormat":{"toString":"csv"}')],
  ]),
  ...refused(400, /(header|typesHeader|sqlTypesHeader): found |expected header to be true/, [
    ['a header that is a word', query(',"header":"yes"')],
    ['a header that is a number', query(',"header":1')],
    ['a header that is an object', query(',"header":{}')],
    ['types without a header', query(',"typesHeader":true')],
    ['SQL types without a header', query(',"sqlTypesHeader":true,"header":false')],
  ]),
  ...refused(400, /parameters(\[\d+\])?: found /, [
    ['parameters that are an object', query(',"parameters":{}')],
    ['parameters that are a text', query(',"parameters":"x"')],
    ['a parameter that is a number', query(',"parameters":[1]')],
    ['a parameter that is null', query(',"parameters":[null]')],
    ['a parameter that is a list', query(',"parameters":[["VARCHAR","x"]]')],
    ['a parameter without a type', query(',"parameters":[{"value":1}]')],
    ['a parameter without a value', query(',"parameters":[{"type":"VARCHAR"}]')],
    ['a type that is a number', query(',"parameters":[{"type":1,"value":1}]')],
    ['a value that is an object', query(',"parameters":[{"type":"VARCHAR","value":{"toString":"x"}}]')],
    ['a value that is a list', query(',"parameters":[{"type":"VARCHAR","value":["x"]}]')],
    ['a parameter of the prototype', query(',"parameters":[{"__proto__":{"type":"VARCHAR","value":"x"}}]')],
    [
      '1,001 parameters',
      query(`,"parameters":[${Array(1001).fill('{"type":"VARCHAR","value":"x"}').join(',')}]`),
    ],
  ]),
  ...refused(400, /context: found /, [
    ['a context that is a list', query(',"context":[]')],
    ['a context that is a text', query(',"context":"timeout=1"')],
    ['a context that is a number', query(',"context":1')],
    ['a context that is true', query(',"context":true')],
  ]),
];

const contexts: readonly HostileBody[] = [
  ...refused(400, /context\.timeout: found /, [
    ['a negative timeout', context('"timeout":-1')],
    ['a fraction of a timeout', context('"timeout":0.5')],
    ['a timeout without end', context('"timeout":1e99')],
    ['a timeout of 20 digits', context('"timeout":"99999999999999999999"')],
    ['a timeout that is a word', context('"timeout":"never"')],
    ['a timeout that is SQL', context('"timeout":"1; drop table life"')],
    ['a timeout that is true', context('"timeout":true')],
    ['a timeout that is a list', context('"timeout":[1]')],
    ['a timeout that is an object', context('"timeout":{"valueOf":1}')],
  ]),
  ...refused(400, /context\.sqlOuterLimit: found /, [
    ['a negative limit', context('"sqlOuterLimit":-1')],
    ['a limit that is SQL', context('"sqlOuterLimit":"1 offset 1"')],
    ['a limit that is a list', context('"sqlOuterLimit":[]')],
  ]),
  ...refused(400, /context\.sqlTimeZone: found /, [
    ['a zone that is a path', context('"sqlTimeZone":"../../etc/passwd"')],
    ['a zone that is SQL', context(`"sqlTimeZone":"UTC'; drop table life; --"`)],
    ['a zone that ends a call', context(`"sqlTimeZone":"UTC') || getenv('HOME') || ('"`)],
    ['a zone that is empty', context('"sqlTimeZone":""')],
    ['a zone of a thousand letters', context(`"sqlTimeZone":"${'x'.repeat(1000)}"`)],
    ['a zone that is a number', context('"sqlTimeZone":0')],
    ['a zone with a NUL', context('"sqlTimeZone":"UTC\\u0000"')],
    ['a zone of the prototype', context('"sqlTimeZone":"__proto__"')],
  ]),
  ...refused(400, /context\.sqlQueryId: found /, [
    ['an id with a line break', context('"sqlQueryId":"a\\nb"')],
    ['an id that is a header', context('"sqlQueryId":"a\\r\\nset-cookie: x=1"')],
    ['an id with a NUL', context('"sqlQueryId":"a\\u0000"')],
    ['an id with a blank', context('"sqlQueryId":"a b"')],
    ['an id beyond ASCII', context('"sqlQueryId":"\u00e9"')],
    ['an id that is a path', context('"sqlQueryId":"../../x"')],
    ['an id that is SQL', context(`"sqlQueryId":"'; drop table life; --"`)],
    ['an id that is markup', context('"sqlQueryId":"<script>alert(1)</script>"')],
    ['an id of 201 letters', context(`"sqlQueryId":"${'x'.repeat(201)}"`)],
    ['an empty id', context('"sqlQueryId":""')],
    ['an id that is a number', context('"sqlQueryId":7')],
    ['an id that is an object', context('"sqlQueryId":{"toString":"x"}')],
    ['another id with a line break', context('"queryId":"a\\nb"')],
    ['an id that ends in a line break', context('"queryId":"a\\n"')],
  ]),
  ...refused(400, /context\.\w+: found /, [
    ['arrays as text, perhaps', context('"sqlStringifyArrays":"maybe"')],
    ['counting, perhaps', context('"useApproximateCountDistinct":3')],
    ['published, perhaps', context('"publishedOnly":[]')],
  ]),
];

/** What is no harm is answered, and has no effect. */
const harmless: readonly HostileBody[] = [
  answered('a query twice: the last one is meant', '{"query":"drop table life","query":"select 1 as a"}'),
  answered('a context twice', context('"timeout":-1').replace(/}$/, ',"context":{}}')),
  answered('a format of the prototype', query(',"__proto__":{"resultFormat":"csv"}')),
  answered('a context of the prototype', query(',"__proto__":{"context":{"timeout":-1}}')),
  answered('a timeout of the prototype', context('"__proto__":{"timeout":-1,"polluted":true}')),
  answered('a constructor', query(',"constructor":{"prototype":{"polluted":true}}')),
  answered('names of every object', query(',"hasOwnProperty":1,"toString":2,"valueOf":3,"then":4')),
  answered(
    'a context for ten other products',
    context('"enable_external_access":true,"sqlJoinAlgorithm":"x","engine":"msq-task"'),
  ),
  answered('settings of the engine', context('"memory_limit":"100GB","threads":64,"allowed_paths":["/"]')),
  answered('64 levels in what nobody reads', query(`,"x":${'['.repeat(63)}${']'.repeat(63)}`)),
  answered(
    '10,000 properties that nobody reads',
    query(`,${Array.from({ length: 10_000 }, (_, at) => `"p${at}":${at}`).join(',')}`),
  ),
  answered('an escaped query', '{"\\u0071uery":"\\u0073elect 1 as a"}'),
  answered('no timeout', context('"timeout":0')),
  answered('a timeout of years', context('"timeout":999999999999999')),
  answered(
    'parameters that nobody asked for',
    query(`,"parameters":[{"type":"VARCHAR","value":"'; drop table life; --"}]`),
  ),
  answered(
    'nulls',
    '{"query":"select 1 as a","context":null,"parameters":null,"resultFormat":null,"header":null}',
  ),
  answered('an id of the prototype', context('"sqlQueryId":"__proto__"')),
  {
    name: 'a charset',
    body: query(''),
    headers: { 'content-type': 'application/json; charset=utf-8' },
    status: 200,
    says: one,
  },
  {
    name: 'capitals',
    body: query(''),
    headers: { 'content-type': 'Application/JSON' },
    status: 200,
    says: one,
  },
];

const types: readonly HostileBody[] = [
  'text/plain',
  'text/plain; application/json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/xml',
  'application/jsonx',
  'application/vnd.api+json',
  'application/octet-stream',
  'application/json-seq',
  '*/*',
  'x',
].map((type) => ({
  name: `the type ${type}`,
  body: query(''),
  headers: { 'content-type': type },
  status: 415,
  says: /Content-Type.*expected application\/json/,
}));

const origins: readonly HostileBody[] = [
  { name: 'another origin', headers: { origin: 'https://evil.example' } },
  { name: 'no origin of its own', headers: { origin: 'null' } },
  { name: 'another site', headers: { 'sec-fetch-site': 'cross-site' } },
  { name: 'a rebound name', headers: { host: 'evil.example:8888' } },
  { name: 'a name that only begins like ours', headers: { host: 'localhost.evil.example' } },
  { name: 'an address that is not this machine', headers: { host: '169.254.169.254' } },
].map((one) => ({ ...one, body: query(''), status: 403, says: /(Origin|Host|Sec-Fetch-Site): found/ }));

/** SQL that is refused must be refused the same way through the door. */
const statements: readonly HostileBody[] = [
  ['a file', `select * from read_text('/etc/passwd')`],
  ['an environment', `select getenv('HEADGATE_CANARY')`],
  ['a setting', `set memory_limit = '1TB'`],
  ['a database', `attach '/tmp/x.db' as x`],
  ['an extension', `install httpfs`],
  ['a copy', `copy (select 1) to '/tmp/x.csv'`],
  ['two statements', `select 1; select 2`],
  ['a table that is a file', `select * from \\"/etc/passwd\\"`],
  ['nesting', `select ${'('.repeat(50_000)}1${')'.repeat(50_000)}`],
  ['ingestion', `insert into life select * from life`],
  ['an address', `select * from table(extern('{}', '{}', '[]'))`],
].map(([name, sql]) => ({ name: `${name} as SQL`, body: `{"query":"${sql}"}`, status: 400, says: /./ }));

export const hostileBodies: readonly HostileBody[] = [
  ...malformed,
  ...wrongTypes,
  ...contexts,
  ...harmless,
  ...types,
  ...origins,
  ...statements,
];

/** Ids of `DELETE /druid/v2/sql/<id>`, as they stand in the address. */
export const hostileIds: readonly string[] = [
  'nope',
  '*',
  '%',
  '%zz',
  '%00',
  '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  '..%2F',
  '%0d%0aset-cookie:%20x=1',
  '%3Cscript%3E',
  `'%20or%20'1'='1`,
  '__proto__',
  'constructor',
  'x'.repeat(300),
  'x'.repeat(3_000),
  '%F0%9F%98%80',
  '%C0%AF',
  '%ED%A0%80',
  '$%7Bjndi:ldap:%2F%2F127.0.0.1%2Fa%7D',
];
