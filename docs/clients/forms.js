// Assigns the errors of a change to the fields of a form.

/** The text that a form shows for an error, by its code. */
const advice = {
  CONFLICT: 'Another user has changed this. Check it again.',
  FORBIDDEN: 'You do not have the right to do this.',
  NOT_FOUND: 'This no longer exists.',
  RATE_LIMITED: 'Too many requests. Try again in a moment.',
  UNAVAILABLE: 'This is not available at the moment. Try again later.',
  TIMEOUT: 'This took too long. Try again later.',
};

/**
 * Splits GraphQL errors into messages for the fields of a form, by name, and for
 * the form as a whole: `{ fields: { name: '…' }, form: ['…'] }`.
 */
export function formErrors(errors) {
  const result = { fields: {}, form: [] };
  for (const { message, extensions = {} } of errors) {
    const { code, field } = extensions;
    if (code === 'BAD_USER_INPUT' && field) result.fields[field.split('.').at(-1)] ??= message;
    else result.form.push(advice[code] ?? message);
  }
  return result;
}

/** Whether one of the errors has a code, for example CONFLICT. */
export function hasCode(errors, code) {
  return errors.some(({ extensions }) => extensions?.code === code);
}
