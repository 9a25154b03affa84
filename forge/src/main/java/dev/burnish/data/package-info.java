/// Data sets: rows of files and folders, and the tokens that they become. All randomness is a
/// function of (run seed, purpose, index).
@NullMarked
package dev.burnish.data;

import org.jspecify.annotations.NullMarked;
