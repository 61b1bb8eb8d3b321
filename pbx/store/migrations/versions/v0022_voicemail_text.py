"""What was said in a message of voicemail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("transcript", sa.Text(), nullable=False, server_default=sa.text("''"))
    op.add_column("voicemail_messages", column)


def downgrade() -> None:
    with op.batch_alter_table("voicemail_messages", schema=None) as batch_op:
        batch_op.drop_column("transcript")
