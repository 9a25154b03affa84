/// Python's values as a template sees them, and the operations that Python defines on them: truth,
/// equality and order, operators, subscripts, methods, formats, `repr` and `json.dumps`.
///
/// Values are String, Boolean, Long, BigInteger and Double, and the types of this package. They
/// never change: the sandbox has no method that changes a value.
@NullMarked
package dev.burnish.jinja.python;

import org.jspecify.annotations.NullMarked;
