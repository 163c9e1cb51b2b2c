/** Druid's defaults of aggregators: a file of their own, for the table of fields and what reads a spec need each other. */
export const defaultLgK = 12;
export const defaultK = 128;
export const defaultMaxStringBytes = 1024;
