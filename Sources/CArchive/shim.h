// SPDX-License-Identifier: Apache-2.0
// libarchive, as the system installed it.
#include <archive.h>
#include <archive_entry.h>
