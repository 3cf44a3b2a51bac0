//! The questions, on a terminal.

use std::io::Write as _;

use super::*;
use crate::support::writes;

/// Runs a program on a terminal of its own, which gets what comes on standard input and whose text goes to standard
/// output.
const TERMINAL: &str = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

/// The program on a terminal.
pub(crate) fn on_terminal(estate: &Estate, arguments: &[&str]) -> Running {
    let program = program(estate, arguments);
    let mut command = Command::new("python3");
    estate.prepare(&mut command);
    command.args(["-c", TERMINAL]).arg(program.get_program()).args(program.get_args()).stdin(Stdio::piped());
    command.env("TERM", "xterm").env("NO_COLOR", "1");
    begin(estate, command)
}

impl Running {
    /// Waits for a question, which stands in the text after its first `after` bytes; gives where the text ends then.
    #[track_caller]
    pub(crate) fn asks(&mut self, question: &str, after: usize) -> usize {
        let out = self.out.clone();
        let text = || fs::read_to_string(&out).unwrap_or_default();
        self.until(question, || text().get(after..).is_some_and(|text| text.contains(question)));
        text().len()
    }

    pub(crate) fn answer(&mut self, answer: &str) {
        let input = self.child.stdin.as_mut().expect("a pipe");
        input.write_all(format!("{answer}\n").as_bytes()).expect("written");
    }
}

const FIRST: &str = "Write the block, make 5 tags, plan? [y/N]";
const SECOND: &str = "Apply this plan? [y/N]";

#[test]
fn no_to_the_first_question_changes_nothing() {
    let estate = laid_out();
    let before = snapshot(&estate);
    let before: Vec<_> = before.iter().filter(|(path, ..)| path.starts_with(estate.root())).collect();
    let mut run = on_terminal(&estate, &["new", NEW]);
    run.asks(FIRST, 0);
    run.answer("n");
    run.end().ends_with(1).says("answered no; nothing was changed");
    let after = snapshot(&estate);
    assert_eq!(before, after.iter().filter(|(path, ..)| path.starts_with(estate.root())).collect::<Vec<_>>());
    assert_eq!(writes(&estate), Vec::<String>::new());
}

#[test]
fn no_to_the_second_question_applies_nothing_and_yes_does() {
    let estate = live();
    let mut run = on_terminal(&estate, &["new", NEW]);
    let end = run.asks(FIRST, 0);
    run.answer("y");
    run.asks(SECOND, end);
    run.answer("n");
    run.end().ends_with(1).says("answered no; nothing was applied").says("what stands");
    assert_eq!((tags_made(&estate), made(&estate)), (5, 0));
    // The edit and the tags are there: only the plan is asked about.
    let mut run = on_terminal(&estate, &["new", NEW]);
    run.asks(SECOND, 0);
    run.answer("yes");
    run.end().ends_with(0).does_not_say(FIRST);
    assert_eq!((tags_made(&estate), made(&estate)), (5, 6));
}

#[test]
fn what_changed_while_the_question_stood_is_shown_again() {
    let estate = laid_out();
    let mut run = on_terminal(&estate, &["new", NEW]);
    let end = run.asks(FIRST, 0);
    let text = estate.read(MAIN).expect("readable");
    estate.write(MAIN, &format!("# somebody else's line\n{text}")).expect("written");
    run.answer("y");
    run.asks(FIRST, end);
    run.answer("n");
    run.end().ends_with(1).says("something was changed in the meantime").says("answered no; nothing was changed");
    assert_eq!(estate.read(MAIN).expect("readable"), format!("# somebody else's line\n{text}"));
    assert_eq!(writes(&estate), Vec::<String>::new());
}
