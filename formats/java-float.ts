/** A number that is a float in Java's eyes: as text it has the shortest digits of a float, everywhere else it is a double. */
import { JavaDouble } from './json-text.ts';

export class JavaFloat extends JavaDouble {}
