// SPDX-License-Identifier: Apache-2.0
// CRC-32C by the processor's own instruction, which Swift cannot name.

#ifndef CCHECKSUM_H
#define CCHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/// Whether this processor has the instruction.
int cchecksum_has_crc32c(void);

/// Continues a running, inverted CRC-32C over `count` bytes; only where the processor has it.
uint32_t cchecksum_crc32c(uint32_t crc, const void *bytes, size_t count);

#endif
