// SPDX-License-Identifier: GPL-2.0-only
/*
 * The terminal: its width, colour, the progress bar, and frames that replace
 * each other.
 */
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "report-priv.h"
#include "report.h"

#define DEFAULT_WIDTH	80u
#define LEAST_WIDTH	20u
#define MOST_WIDTH	1000u
#define BAR_PERIOD_MS	100

/* Switch to the other screen and back; hide the cursor and show it. */
#define SCREEN_ON	"\033[?1049h\033[?25l"
#define SCREEN_OFF	"\033[?25h\033[?1049l"
#define SCREEN_HOME	"\033[H"
#define CLEAR_TO_EOL	"\033[K"
#define CLEAR_TO_END	"\033[J"

static bool get_size(int fd, struct winsize *size)
{
	return isatty(fd) && !ioctl(fd, TIOCGWINSZ, size) && size->ws_col;
}

static unsigned int width_of(int fd)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	unsigned long width = DEFAULT_WIDTH;

	if (get_size(fd, &size))
		width = size.ws_col;
	else if (columns)
		width = strtoul(columns, NULL, 10);
	if (!width)
		width = DEFAULT_WIDTH;
	return clamp_t(unsigned int, width, LEAST_WIDTH, MOST_WIDTH);
}

unsigned int term_width(void)
{
	return width_of(STDOUT_FILENO);
}

bool term_has_colour(int fd)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	return isatty(fd) && term && *term && strcmp(term, "dumb") &&
	       !(no && *no);
}

static u64 now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000 + (u64)t.tv_nsec / 1000000;
}

/* ---- the bar --------------------------------------------------------------- */

static struct {
	bool shown;
	u64 at_ms;
} bar;

static void draw_bar(const char *what, u64 done, u64 total)
{
	unsigned int percent = (unsigned int)(100.0 * (double)done /
					      (double)total);
	/* "what [####....] 100%", and the last column stays free. */
	int room = (int)width_of(STDERR_FILENO) - (int)strlen(what) - 9;
	int full = room * (int)percent / 100;
	int i;

	fprintf(stderr, "\r%s ", what);
	if (room >= 5) {
		fputc('[', stderr);
		for (i = 0; i < room; i++)
			fputc(i < full ? '#' : '.', stderr);
		fputs("] ", stderr);
	}
	fprintf(stderr, "%3u%%", percent);
	if (term_has_colour(STDERR_FILENO))
		fputs(CLEAR_TO_EOL, stderr);
}

void report_progress(const char *what, u64 done, u64 total)
{
	if (!isatty(STDERR_FILENO))
		return;
	if (bar.shown && now_ms() - bar.at_ms < BAR_PERIOD_MS && done < total)
		return;
	bar.shown = true;
	bar.at_ms = now_ms();
	if (total)
		draw_bar(what, min(done, total), total);
	else
		fprintf(stderr, "\r%s %llu", what, (unsigned long long)done);
	fflush(stderr);
}

void report_progress_end(void)
{
	if (!bar.shown)
		return;
	bar.shown = false;
	fprintf(stderr, "\r%*s\r", (int)width_of(STDERR_FILENO) - 1, "");
	fflush(stderr);
}

/* ---- frames ---------------------------------------------------------------- */

static struct {
	bool on;		/* a terminal, and ours */
	struct termios before;
	bool has_keys;
	char *text;		/* the frame being made */
	size_t len;
} screen;

static volatile sig_atomic_t stop_wanted;
/* Blocked but in pselect(), so that none is missed. */
static sigset_t mask_before;

static void on_signal(int sig)
{
	if (sig != SIGWINCH)
		stop_wanted = 1;
}

static void catch_signals(void)
{
	static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t mask;
	unsigned int i;

	sigemptyset(&mask);
	for (i = 0; i < ARRAY_SIZE(caught); i++) {
		sigaddset(&mask, caught[i]);
		sigaction(caught[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &mask, &mask_before);
}

/* Keys come singly and are not shown. */
static void take_keys(void)
{
	struct termios raw;

	screen.has_keys = !tcgetattr(STDIN_FILENO, &screen.before);
	if (!screen.has_keys)
		return;
	raw = screen.before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

void screen_begin(void)
{
	const char *term = getenv("TERM");

	catch_signals();
	screen.on = isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") &&
		    !report_is_json();
	if (!screen.on)
		return;
	take_keys();
	fputs(SCREEN_ON, stdout);
	report_out = open_memstream(&screen.text, &screen.len);
	if (!report_out) {
		report_out = stdout;
		screen_end();
	}
}

/* Bytes of a line that fit, leaving out what has no width. */
static size_t fitting(const char *line, size_t len, unsigned int width)
{
	size_t i = 0;

	while (i < len && line[i] != '\n') {
		if (line[i] == '\033') {
			while (i < len && line[i] != 'm')
				i++;
		} else if (((unsigned char)line[i] & 0xc0) != 0x80 && !width--) {
			break;
		}
		i++;
	}
	return i;
}

static void draw_frame(unsigned int width, unsigned int height)
{
	const char *at = screen.text, *end = screen.text + screen.len;
	const char *next;
	unsigned int row;

	fputs(SCREEN_HOME, stdout);
	for (row = 0; at < end && row < height; row++) {
		next = memchr(at, '\n', (size_t)(end - at));
		next = next ? next + 1 : end;
		fwrite(at, 1, fitting(at, (size_t)(next - at), width), stdout);
		fputs("\033[0m" CLEAR_TO_EOL, stdout);
		if (row + 1 < height)
			fputc('\n', stdout);
		at = next;
	}
	fputs(CLEAR_TO_END, stdout);
}

void screen_frame(void)
{
	struct winsize size = { .ws_row = 24, .ws_col = DEFAULT_WIDTH };

	if (screen.on) {
		fclose(report_out);
		get_size(STDOUT_FILENO, &size);
		draw_frame(size.ws_col, max_t(unsigned int, size.ws_row, 1));
		free(screen.text);
		screen.text = NULL;
		report_out = open_memstream(&screen.text, &screen.len);
		if (!report_out) {
			report_out = stdout;
			screen_end();
		}
	}
	fflush(stdout);
}

/* So does a terminal that is gone: pselect() never waits for that any more. */
static bool key_ends(void)
{
	char key;
	ssize_t n = read(STDIN_FILENO, &key, 1);

	/* Somebody who has the terminal, too, was faster. */
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	return n != 1 || key == 'q' || key == 'Q' || key == 3;
}

bool screen_wait(double seconds)
{
	u64 end = now_ms() + (u64)(seconds * 1000), now;
	int nr_fds = screen.on && screen.has_keys ? STDIN_FILENO + 1 : 0;
	struct timespec left;
	fd_set keys;
	int r;

	while (!stop_wanted && (now = now_ms()) < end) {
		left.tv_sec = (time_t)((end - now) / 1000);
		left.tv_nsec = (long)((end - now) % 1000) * 1000000;
		FD_ZERO(&keys);
		FD_SET(STDIN_FILENO, &keys);
		r = pselect(nr_fds, &keys, NULL, NULL, &left, &mask_before);
		if (r < 0 && !stop_wanted)
			return true; /* another size: draw it anew */
		if (r > 0 && key_ends())
			return false;
	}
	return !stop_wanted;
}

void screen_end(void)
{
	if (!screen.on)
		return;
	screen.on = false;
	if (report_out != stdout) {
		fclose(report_out);
		free(screen.text);
		screen.text = NULL;
		report_out = stdout;
	}
	if (screen.has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &screen.before);
	fputs(SCREEN_OFF, stdout);
	fflush(stdout);
}
