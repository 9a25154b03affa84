@NullMarked
package dev.burnish.service;

import org.jspecify.annotations.NullMarked;
