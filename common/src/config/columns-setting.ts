/** The setting that says the shape of a population. */
import { COLUMNS, type Columns } from '../iris/shape.js';
import { choiceSetting } from './environment.js';

const [NARROW, WIDE] = COLUMNS;

/** 200 or 256. */
export function columnsSetting() {
  return choiceSetting([`${NARROW}`, `${WIDE}`]).transform((word) => Number(word) as Columns);
}
