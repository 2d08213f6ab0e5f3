package store

import "context"

// TakeOver ends what a server that died was doing, so that this one can go on
// at once: the job queue's own rescue goes by age and would take a minute. Call
// it before the queue starts, and only where no other server uses the database.
func (s *Store) TakeOver(ctx context.Context) error {
	return s.transact(ctx, writing, func(t *session) error {
		for _, text := range []string{
			`delete from river_job where state = 'running'`,
			`delete from river_leader`,
		} {
			if _, err := t.exec(text); err != nil {
				return err
			}
		}
		_, err := t.exec(`update run set ended = $1, outcome = 'interrupted',
			message = 'the server stopped; the next pass goes on where this one ended' where ended = 0`, micros(t.now))
		return err
	})
}
