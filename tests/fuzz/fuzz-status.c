// SPDX-License-Identifier: GPL-2.0-only
/*
 * Status lines: refused with a reason, or what is emitted of the values is read
 * as the same values. The values come from a line, or, behind a first byte of
 * 0xff, straight from the input.
 */
#include "fuzz.h"
#include "status.h"

/* Into a buffer of just @size bytes, so that nothing can be written behind. */
static void emit_short(const struct sc_status_info *s, const char *whole,
		       size_t size)
{
	char *buf = malloc(size);
	size_t len;

	assert(buf);
	len = sc_status_emit(s, buf, size);
	fuzz_must(len < size && !memcmp(buf, whole, len) && !buf[len],
		  "cut to %zu bytes it is not a part", size);
	fuzz_must(len == strlen(whole) || len == size - 1,
		  "cut to %zu bytes it does not fill them", size);
	free(buf);
}

static void check(const struct sc_status_info *s)
{
	char first[SC_STATUS_MAX_BYTES + 64], second[sizeof(first)];
	struct sc_status_info again;
	struct sc_reason why = {};
	size_t len;

	len = sc_status_emit(s, first, sizeof(first));
	fuzz_must(len < SC_STATUS_MAX_BYTES, "a line of %zu bytes", len);
	fuzz_must(!sc_status_parse(first, &again, &why), "'%s' is refused: %s",
		  first, why.text);
	sc_status_emit(&again, second, sizeof(second));
	fuzz_must(!strcmp(first, second), "'%s' becomes '%s'", first, second);
	fuzz_must(s->health == SC_FAIL ||
		  !memcmp(s->counter, again.counter, sizeof(again.counter)),
		  "counters are read differently");
	emit_short(s, first, 1 + s->counter[0] % len);
}

/* Values that no line says, but the module may have. */
static void take_values(struct sc_status_info *s, struct bytes *in)
{
	u32 i;

	memset(s, 0, sizeof(*s));
	sc_config_init(&s->config);
	s->config.mode = take(in, 1) % SC_NR_MODES;
	s->health = take(in, 1) % SC_NR_HEALTHS;
	s->needs_check = take(in, 1) & 1;
	s->meta = (struct sc_ratio){ take(in, 8), take(in, 8) };
	s->slots = (struct sc_ratio){ take(in, 8), take(in, 8) };
	s->journal = (struct sc_ratio){ take(in, 8), take(in, 8) };
	s->nr_dirty = take(in, 8);
	s->dirty_sectors = take(in, 8);
	s->free_slots = take(in, 8);
	s->retiring_slots = take(in, 8);
	s->ram_bytes = take(in, 8);
	s->budget_used = take(in, 8);
	for (i = 0; i < SC_UUID_BYTES; i++)
		s->uuid[i] = take(in, 1);
	for (i = 0; i < SC_NR_COUNTERS; i++)
		s->counter[i] = take(in, 8);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct sc_status_info s;
	struct sc_reason why = {};
	char *line;
	int r;

	if (size && data[0] == 0xff) {
		struct bytes in = { data + 1, size - 1 };

		take_values(&s, &in);
		check(&s);
		return 0;
	}
	line = fuzz_line(data, size);
	r = sc_status_parse(line, &s, &why);
	if (r)
		fuzz_must(r == -EINVAL && strlen(why.text) > 10,
			  "refused without a reason: %d", r);
	else
		check(&s);
	free(line);
	return 0;
}
