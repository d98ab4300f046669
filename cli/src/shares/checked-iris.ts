/** Captures as requests and answers hold them, whole; and as they must be before they are shared, when nobody can look at them any longer. */
import { InvalidInputError } from '@irispair/common/errors/errors';
import type { MaskRule } from '@irispair/common/iris/masks';
import { columnsOfBytes } from '@irispair/common/iris/shape';
import { SHARED_COLUMNS } from '@irispair/common/iris/share';
import { acceptTemplate, type Iris, type Template } from '@irispair/common/iris/template';
import type * as api from '@irispair/proto/public';

/** @throws InvalidInputError when an eye is missing */
export function wholeIris(iris: api.Iris | undefined): Iris {
  if (iris === undefined) throw missing('iris');
  const { left, right } = iris;
  if (left === undefined) throw missing('iris.left');
  if (right === undefined) throw missing('iris.right');
  return { left, right };
}

/**
 * A capture as it is shared: of one mask bit a pixel.
 * @param field what the capture is called in messages; empty for none
 * @throws InvalidInputError naming the field, the limit and the remedy
 */
export function shareableIris({ left, right }: Iris, masks: MaskRule, field = 'iris'): Iris {
  const path = (side: string) => (field === '' ? side : `${field}.${side}`);
  return {
    left: shareableTemplate(left, masks, path('left')),
    right: shareableTemplate(right, masks, path('right')),
  };
}

function shareableTemplate(template: Template, masks: MaskRule, field: string): Template {
  const { byteLength } = template.irisCodes;
  const columns = columnsOfBytes(byteLength);
  if (columns !== undefined && columns !== SHARED_COLUMNS) {
    throw new InvalidInputError(
      `${field}.iris_codes`,
      `${byteLength} bytes are a code of ${columns} columns, and shares are of ${SHARED_COLUMNS}: set n_cols: ` +
        `${SHARED_COLUMNS} in both probe schemas of Open IRIS`,
    );
  }
  return acceptTemplate(template, field, { columns: SHARED_COLUMNS, masks });
}

function missing(field: string): InvalidInputError {
  return new InvalidInputError(field, 'missing: send the templates of both eyes');
}
