// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running other programs.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"

/* What a shell says of a program that is not there. */
#define STATUS_MISSING	127

static void run_child(const char *const *argv, int out)
{
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	execvp(argv[0], (char *const *)argv);
	_exit(errno == ENOENT ? STATUS_MISSING : 126);
}

static char *read_all(int fd)
{
	char *text = NULL, buf[4096];
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	ssize_t n;

	if (!f)
		return NULL;
	while ((n = read(fd, buf, sizeof(buf))) > 0 ||
	       (n < 0 && errno == EINTR))
		if (n > 0)
			fwrite(buf, 1, (size_t)n, f);
	return fclose(f) ? NULL : text;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -EIO;
	if (!WIFEXITED(status))
		return -EIO;
	return WEXITSTATUS(status) == STATUS_MISSING ? -ENOENT :
						       WEXITSTATUS(status);
}

int program_run(const char *const *argv, char **output)
{
	int out[2] = { -1, -1 }, r;
	pid_t pid;

	if (output && pipe(out))
		return -EIO;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (out[0] >= 0)
			close(out[0]);
		run_child(argv, out[1]);
	}
	if (out[1] >= 0)
		close(out[1]);
	if (output)
		*output = pid > 0 ? read_all(out[0]) : NULL;
	if (out[0] >= 0)
		close(out[0]);
	r = pid > 0 ? wait_for(pid) : -EIO;
	if (output && r >= 0 && !*output)
		return -EIO;
	return r;
}
