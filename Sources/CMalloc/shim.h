// SPDX-License-Identifier: Apache-2.0
// What glibc offers beyond the standard: mallopt(3), malloc_trim(3).
#include <malloc.h>
