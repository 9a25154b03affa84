/// Where prompts come from: files, folders of data sets, and tasks that are made up as they are
/// needed. All randomness is a function of (run seed, purpose, index).
@NullMarked
package dev.burnish.data;

import org.jspecify.annotations.NullMarked;
