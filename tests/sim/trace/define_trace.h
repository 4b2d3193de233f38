/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints do nothing here: see TRACE_EVENT() in model-kernel.h. */
