/** Captures as they must be before they are shared: nobody can look at them afterwards. */
import { InvalidInputError } from '@irispair/common/errors/errors';
import { checkTemplate, type Iris } from '@irispair/common/iris/template';
import type * as api from '@irispair/proto/public';

/** @throws InvalidInputError naming the field, the limit and the remedy */
export function checkedIris(iris: api.Iris | undefined): Iris {
  if (iris === undefined) throw new InvalidInputError('iris', 'missing: send the templates of both eyes');
  const { left, right } = iris;
  if (left === undefined)
    throw new InvalidInputError('iris.left', 'missing: send the templates of both eyes');
  if (right === undefined)
    throw new InvalidInputError('iris.right', 'missing: send the templates of both eyes');
  checkTemplate(left, 'iris.left');
  checkTemplate(right, 'iris.right');
  return { left, right };
}
