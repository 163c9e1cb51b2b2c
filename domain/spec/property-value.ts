/** The value of a client property: a text, or the name of the environment variable that holds it where a connection is made. */

export type PropertyValue = string | { readonly variable: string };

export type PropertyValues = Readonly<Record<string, PropertyValue>>;
