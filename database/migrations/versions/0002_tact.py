"""Tact: lots, test arms

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    op.create_table('lots',
    sa.Column('lot_key', sa.UUID(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('strategy', sa.Text(), nullable=True),
    sa.Column('step', sa.Text(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=True),
    sa.Column('asked_for', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
    sa.Column('asked_by', sa.Text(), nullable=False),
    sa.Column('rate', sa.Integer(), nullable=True),
    sa.Column('state', sa.Text(), server_default='open', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('frozen_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind IN ('campaign', 'restart')", name=op.f('ck_lots_kind')),
    sa.CheckConstraint("state IN ('open', 'stopped', 'done')", name=op.f('ck_lots_state')),
    sa.PrimaryKeyConstraint('lot_key', name=op.f('pk_lots')),
    schema='tactful',
    comment="Contacts made together by one workflow: a campaign's audience, or what a person restarts."
    )
    op.add_column('contacts', sa.Column('arm', sa.Text(), nullable=True), schema='tactful')
    op.add_column('contacts', sa.Column('lot_key', sa.UUID(), nullable=True), schema='tactful')
    op.create_foreign_key(op.f('fk_contacts_lot_key'), 'contacts', 'lots', ['lot_key'], ['lot_key'], source_schema='tactful', referent_schema='tactful')
    op.create_index('ix_contacts_lot', 'contacts', ['lot_key', 'state', 'due_at'], unique=False, schema='tactful', postgresql_where=sa.text('lot_key IS NOT NULL'))
    op.add_column('contacts', sa.Column('restarts', sa.Integer(), server_default='0', nullable=False), schema='tactful')
    op.add_column('decisions', sa.Column('asked_by', sa.Text(), nullable=True), schema='tactful')
    op.add_column('decisions', sa.Column('why', sa.Text(), nullable=True), schema='tactful')
    op.create_table_comment('decisions', 'Append-only: every answer of decide() with every rule it asked, and every act of a person, who and why.', existing_comment='Append-only: every answer of decide() with every rule it asked, and under which version.', schema='tactful')
