// SPDX-License-Identifier: GPL-2.0-only
/*
 * On a terminal: frames follow its size at once, fit into it, and leave it as it
 * was; colour only where it is wanted; the progress bar keeps to its line. The
 * terminal is a pseudo terminal whose other side we hold.
 */
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "report.h"

#include <cmocka.h>

#define WAIT_MS		30000
#define FRAME_SECONDS	3600	/* never in a test: only events make frames */

static char seen[65536];
static size_t nr_seen;
static int tty = -1;
static pid_t pid;

/* Somebody else who has the terminal takes the next key before us. */
static bool too_late;

ssize_t __real_read(int fd, void *buf, size_t len);
ssize_t __wrap_read(int fd, void *buf, size_t len);

ssize_t __wrap_read(int fd, void *buf, size_t len)
{
	ssize_t n = __real_read(fd, buf, len);

	if (fd != STDIN_FILENO || !too_late)
		return n;
	too_late = false;
	errno = EAGAIN;
	return -1;
}

/* ---- the program on the terminal ------------------------------------------- */

static bool always(struct json_object *v)
{
	return v;
}

static const struct column columns[] = {
	{ "name", "NAME", CELL_TEXT, 0, always },
	{ "n", "NUMBER", CELL_NUMBER, 1, NULL },
	{ "wide", "WIDE", CELL_TEXT, 2, NULL },
	COLUMN_END
};

static void print_frame(void)
{
	struct json_object *rows = json_object_new_array(), *row;
	int i;

	for (i = 0; i < 100; i++) {
		row = json_object_new_object();
		json_object_object_add(row, "name",
				       json_object_new_string("fast"));
		json_object_object_add(row, "n", json_object_new_int(i));
		json_object_object_add(row, "wide", json_object_new_string(
			"0123456789012345678901234567890123456789"));
		json_object_array_add(rows, row);
	}
	report_text("<%u>", term_width());
	report_table(columns, rows);
}

static void show_frames(void)
{
	do {
		print_frame();
		screen_frame();
	} while (screen_wait(FRAME_SECONDS));
	screen_end();
}

static void run_frames(void)
{
	screen_begin();
	show_frames();
}

/* Without its terminal's signals. */
static void run_orphan(void)
{
	screen_begin();
	signal(SIGHUP, SIG_IGN);
	show_frames();
}

static void run_bar(void)
{
	char key;
	u64 i;

	for (i = 0; i <= 1000; i++)
		report_progress("writing back", i, 1000);
	/* Until the terminal has another size. */
	if (read(STDIN_FILENO, &key, 1) == 1)
		report_progress("writing back", 1000, 1000);
	report_progress_end();
	report_text("done");
}

/* ---- our side -------------------------------------------------------------- */

static void start(void (*program)(void), unsigned short columns_wanted)
{
	struct winsize size = { .ws_row = 10, .ws_col = columns_wanted };

	nr_seen = 0;
	seen[0] = '\0';
	pid = forkpty(&tty, NULL, NULL, &size);
	if (!pid) {
		program();
		_exit(report_end() ? 1 : 0);
	}
	assert_true(pid > 0);
}

static void resize(unsigned short columns_wanted)
{
	struct winsize size = { .ws_row = 10, .ws_col = columns_wanted };

	nr_seen = 0;
	seen[0] = '\0';
	assert_int_equal(ioctl(tty, TIOCSWINSZ, &size), 0);
}

static bool read_more(void)
{
	struct pollfd p = { .fd = tty, .events = POLLIN };
	ssize_t n = -1;

	if (nr_seen < sizeof(seen) - 1 && poll(&p, 1, WAIT_MS) > 0)
		n = read(tty, seen + nr_seen, sizeof(seen) - 1 - nr_seen);
	if (n <= 0)
		return false;
	nr_seen += (size_t)n;
	seen[nr_seen] = '\0';
	return true;
}

static const char *see(const char *want)
{
	const char *at;

	while (!(at = strstr(seen, want)))
		if (!read_more())
			fail_msg("no '%s' in: %s", want, seen);
	return at;
}

static int finish(void)
{
	int status;

	while (read_more())
		;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(tty);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The width of each line, without what has none, and their number. */
static unsigned int lines_fit(const char *at, unsigned int width)
{
	unsigned int lines = 1, n = 0;

	for (; *at; at++) {
		if (*at == '\033') {
			at += strcspn(at, "mKJHhl");
			if (!*at)
				break;
		} else if (*at == '\n') {
			lines++;
			n = 0;
		} else if (*at == '\r') {
			n = 0;
		} else {
			assert_true(++n <= width);
		}
	}
	return lines;
}

/* ---- tests ----------------------------------------------------------------- */

static void test_frames(void **state)
{
	struct termios mode;

	(void)state;
	start(run_frames, 80);
	see("<80>");
	see("WIDE");
	see("\033[J");
	assert_true(lines_fit(seen, 80) <= 10);
	resize(33);
	see("<33>");
	see("\033[J");
	assert_null(strstr(seen, "WIDE"));
	assert_true(lines_fit(seen, 33) <= 10);
	resize(200);
	see("<200>");
	see("WIDE");
	see("\033[J");
	resize(5);
	see("<20");
	see("\033[J");
	lines_fit(seen, 5);
	assert_int_equal(tcgetattr(tty, &mode), 0);
	assert_false(mode.c_lflag & ECHO);
	assert_int_equal(write(tty, "xq", 2), 2);
	see("\033[?1049l");
	assert_int_equal(tcgetattr(tty, &mode), 0);
	assert_true(mode.c_lflag & ECHO);
	assert_int_equal(finish(), 0);
}

static void test_interrupt(void **state)
{
	(void)state;
	start(run_frames, 80);
	see("<80>");
	see("\033[J");
	assert_int_equal(write(tty, "\003", 1), 1);
	see("\033[?25h\033[?1049l");
	assert_int_equal(finish(), 0);
}

/* The terminal goes away, without a signal to be heard of it. */
static void test_hangup(void **state)
{
	int status;

	(void)state;
	start(run_orphan, 80);
	see("<80>");
	see("\033[J");
	close(tty);
	alarm(WAIT_MS / 1000);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	alarm(0);
	assert_true(WIFEXITED(status));
}

/* No key is no end. By the second frame at the latest it has been looked for. */
static void test_shared(void **state)
{
	(void)state;
	too_late = true;
	start(run_frames, 80);
	too_late = false;
	see("\033[J");
	assert_int_equal(write(tty, "x", 1), 1);
	resize(33);
	see("<33>");
	see("\033[J");
	resize(44);
	see("<44>");
	assert_int_equal(write(tty, "q", 1), 1);
	see("\033[?1049l");
	assert_int_equal(finish(), 0);
}

static void test_colour(void **state)
{
	(void)state;
	start(run_frames, 80);
	see("\033[1;31m");
	kill(pid, SIGTERM);
	finish();
	setenv("NO_COLOR", "1", 1);
	start(run_frames, 80);
	see("<80>");
	see("\033[J");
	assert_null(strstr(seen, "\033[1"));
	kill(pid, SIGTERM);
	finish();
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	start(run_frames, 80);
	see("<80>");
	see(" 99");
	assert_null(strchr(seen, '\033'));
	kill(pid, SIGTERM);
	finish();
	setenv("TERM", "xterm", 1);
}

static void test_bar(void **state)
{
	static const unsigned short widths[] = { 20, 24, 40, 80, 200 };
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(widths); i++) {
		start(run_bar, widths[i]);
		see("100%");
		lines_fit(seen, widths[i] - 1u);
		assert_null(strchr(seen, '\n'));
		assert_int_equal(write(tty, "\n", 1), 1);
		see("\rdone");
		assert_int_equal(finish(), 0);
	}
}

/* For test-tmux.sh: "frames" or "bar", on a real terminal. */
static int run_named(const char *name)
{
	if (strcmp(name, "frames") && strcmp(name, "bar"))
		return 2;
	report_begin("test-screen");
	if (!strcmp(name, "bar"))
		run_bar();
	else
		run_frames();
	return report_end() ? 1 : 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_interrupt),
		cmocka_unit_test(test_hangup),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_colour),
		cmocka_unit_test(test_bar),
	};

	if (argc > 1)
		return run_named(argv[1]);
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	report_begin("test-screen");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
