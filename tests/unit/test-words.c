// SPDX-License-Identifier: GPL-2.0-only
/*
 * core/words: words from an argument vector or a line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "env.h"
#include "words.h"

static void test_line(void **state)
{
	struct sc_words w;

	(void)state;
	sc_words_from_line(&w, " one\ttwo  three\n");
	assert_string_equal(sc_words_next(&w), "one");
	assert_string_equal(sc_words_next(&w), "two");
	assert_string_equal(sc_words_next(&w), "three");
	assert_null(sc_words_next(&w));
	assert_null(sc_words_next(&w));
	sc_words_from_line(&w, "");
	assert_null(sc_words_next(&w));
	sc_words_from_line(&w, " \r\n\v\f ");
	assert_null(sc_words_next(&w));
}

static void test_args(void **state)
{
	char one[] = "one", two[] = "two";
	char *argv[2] = { one, two };
	struct sc_words w;

	(void)state;
	sc_words_from_args(&w, 2, argv);
	assert_ptr_equal(sc_words_next(&w), one);
	assert_ptr_equal(sc_words_next(&w), two);
	assert_null(sc_words_next(&w));
	assert_null(sc_words_next(&w));
	sc_words_from_args(&w, 0, NULL);
	assert_null(sc_words_next(&w));
}

/* A cut word must not look like a valid one. */
static void test_long_words(void **state)
{
	char line[2 * SC_WORD_BYTES];
	struct sc_words w;
	const char *word;
	size_t len;

	(void)state;
	for (len = SC_WORD_BYTES - 3; len < sizeof(line) - 3; len++) {
		memset(line, '0', len);
		memcpy(line + len, " 7", 3);
		sc_words_from_line(&w, line);
		word = sc_words_next(&w);
		assert_int_equal(strlen(word), min(len, SC_WORD_BYTES - 1));
		assert_int_equal(strspn(word, "0"),
				 len < SC_WORD_BYTES ? len : SC_WORD_BYTES - 2);
		assert_int_equal(!!strchr(word, '~'), len >= SC_WORD_BYTES);
		assert_string_equal(sc_words_next(&w), "7");
	}
}

static void test_number(void **state)
{
	struct sc_reason why;
	struct sc_words w;
	u64 value = 1;

	(void)state;
	sc_words_from_line(&w, "3 4 x");
	assert_int_equal(sc_words_number(&w, "count", 3, &value, &why), 0);
	assert_int_equal(value, 3);
	assert_int_equal(sc_words_number(&w, "count", 3, &value, &why),
			 -EINVAL);
	assert_string_equal(why.text,
			    "count: must be a number from 0 to 3, got '4'");
	assert_int_equal(sc_words_number(&w, "count", 3, &value, &why),
			 -EINVAL);
	assert_string_equal(why.text,
			    "count: must be a number from 0 to 3, got 'x'");
	assert_int_equal(sc_words_number(&w, "count", 3, &value, &why),
			 -EINVAL);
	assert_string_equal(why.text, "the line ends before the count");
	assert_int_equal(value, 3);
}

static void test_end(void **state)
{
	struct sc_reason why;
	struct sc_words w;

	(void)state;
	sc_words_from_line(&w, "more");
	assert_int_equal(sc_words_end(&w, &why), -EINVAL);
	assert_string_equal(why.text, "the line should end before 'more'");
	assert_int_equal(sc_words_end(&w, NULL), 0);
	assert_null(sc_words_need(&w, "policy", &why));
	assert_string_equal(why.text, "the line ends before the policy");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_args),
		cmocka_unit_test(test_long_words),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
